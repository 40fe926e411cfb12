"""Statistical models: `Estimator(options).fit(data)` returns a frozen result."""
