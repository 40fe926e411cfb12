"""What a satisfaction study asks: gate, index, drivers, priorities."""
