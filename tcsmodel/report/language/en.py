"""English strings of pictures, tables and the report."""

from tcsmodel.report.language.en_densities import STRINGS as DENSITIES
from tcsmodel.report.language.en_discriminant import PICTURE as DISCRIMINANT
from tcsmodel.report.language.en_effects import PICTURE as EFFECTS
from tcsmodel.report.language.en_fit import PICTURE as FIT
from tcsmodel.report.language.en_groups import PICTURE as GROUPS
from tcsmodel.report.language.en_imputation import STRINGS as IMPUTATION
from tcsmodel.report.language.en_necessity import PICTURE as NECESSITY
from tcsmodel.report.language.en_prediction import PICTURE as PREDICTION
from tcsmodel.report.language.en_report import REPORT
from tcsmodel.report.language.en_segments import STRINGS as SEGMENTS
from tcsmodel.report.language.en_tables import TABLES

LEADING_ZERO = False

PICTURES: dict[str, str] = {
    "list.and": "{first} and {last}",
    "list.comma": ", ",
    "none": "none",
    "caption.join": "; ",
    "caption.n": "n = {n}",
    "caption.bootstrap": "{level:%} {kind:@interval} intervals from {replicates:,} bootstrap "
    "replicates, seed {seed}",
    "caption.ends": "replicates: {ends}",
    "caption.replicate_weights": "{level:%} t intervals from {replicates:,} replicate weights",
    "interval.percentile": "percentile",
    "interval.bca": "BCa",
    "interval.basic": "basic bootstrap",
    "interval.studentized": "studentized",
    "ends.converged": "{share:.1%} converged",
    "ends.at_bound": "{share:.1%} at a bound",
    "ends.improper": "{share:.1%} improper",
    "ends.ridge": "{share:.1%} on a ridge",
    "ends.iteration_cap": "{share:.1%} at the iteration cap",
    "ends.singular": "{share:.1%} singular",
    "picture.bollen_stine.title.rejected": "The model does not hold exactly: chi-square {chi2:.1f}",
    "picture.bollen_stine.title.kept": "These answers are compatible with the model: chi-square "
    "{chi2:.1f}",
    "picture.bollen_stine.subtitle": "Chi-squares of resamples in which the model holds (bars) and that "
    "of the fit (line)",
    "picture.bollen_stine.axis": "Chi-square",
    "picture.bollen_stine.count": "Resamples",
    "picture.bollen_stine.caption": "{replicates:,} resamples, seed {seed}; 95% between {low:.1f} and "
    "{high:.1f}; df {df:.0f}; {p}",
    "picture.bollen_stine.alt": "Histogram of {replicates:,} chi-squares, 95% between {low:.1f} and "
    "{high:.1f}; a line at {chi2:.1f}.",
    "caption.fixed_weights": "{level:%} intervals with the weights held fixed",
    "header.index_ci": "Index [{level:%} CI]",
    "header.share": "Share",
    "header.share_ci": "Share [{level:%} CI]",
    "header.mean_sd": "Mean (SD)",
    "picture.no_font": "No installed font has the characters {characters!s}, so PNG pictures show "
    "empty boxes in their place. Install a font that has them, such as Noto Sans CJK SC "
    "(Debian: apt install fonts-noto-cjk); HTML reports use the reader's fonts.",
    "picture.none": "{what} has no picture {kind!r}. Its pictures are {known}.{hint}",
    "picture.without": "{what} has no picture of its own.",
    "picture.unit_indices.title": "{best} stands highest in {target}",
    "picture.unit_indices.subtitle": "Index of each unit of {by}, 0 to 100, highest first",
    "picture.unit_indices.some": "The {shown} highest and lowest of {total} units of {by}, 0 to 100",
    "picture.unit_indices.caption": "{level:.0%} intervals: {interval}. Overlap is not a test.",
    "picture.unit_indices.alt": "Dots with intervals, the index of {target} by {by}: {listing}.",
    "picture.index.title": "{target} stands at {index:.1f} of 100",
    "picture.index.subtitle": "Index of each construct, 0 to 100, highest first",
    "picture.index.axis": "Index (0–100)",
    "picture.index.axis_zoomed": "Index (0–100; the axis shows {low:.0f} to {high:.0f})",
    "picture.index.alt": "Dots with intervals on a scale from 0 to 100: {listing}.",
    "picture.drivers.title.one": "{leader} drives {target} most",
    "picture.drivers.title.many": "{leaders} may each drive {target} most",
    "picture.drivers.subtitle": "Each driver's share of the {r_squared:%} of {target} that the "
    "drivers explain together (LMG)",
    "picture.drivers.axis": "Share of the explained variance of {target}",
    "picture.drivers.negative": "hatched: negative regression weight",
    "picture.drivers.alt": "Bars with intervals, longest first: {listing}.",
    "picture.ranks.title.one": "{leader} ranks first in {p:%} of the draws",
    "picture.ranks.title.many": "Which of {leaders} comes first is open",
    "picture.ranks.subtitle": "Probability that a driver (row) takes a rank (column)",
    "picture.ranks.alt": "Table of probabilities of each rank for each driver of {target}; "
    "{leader} is first in {p:%} of the draws.",
    "picture.priorities.title.one": "Improve {leader} first",
    "picture.priorities.title.many": "Improve {leaders} first; their order is open",
    "picture.priorities.subtitle": "What one more point of each driver adds to {target}, against "
    "where the driver stands",
    "picture.priorities.x": "Importance: points of {target} per point of the driver",
    "picture.priorities.y": "Performance (index, axis zoomed)",
    "picture.priorities.cuts": "dashed lines: means of the drivers ({importance:.2f} and "
    "{performance:.1f}); crosses: intervals; blue: first priority",
    "picture.priorities.point": "{driver} (importance {importance:.2f}, performance "
    "{performance:.1f})",
    "picture.priorities.alt": "Map of importance against performance for {target}: {listing}.",
    "quadrant.keep up": "Keep up",
    "quadrant.concentrate here": "Concentrate here",
    "quadrant.possible overkill": "Possible overkill",
    "quadrant.low priority": "Low priority",
    "picture.diagram.title": "{source} has the strongest path to {target} ({estimate:.2r})",
    "picture.diagram.title_group": "In {group}, {source} has the strongest path to {target} "
    "({estimate:.2r})",
    "picture.diagram.title_alone": "The path from {source} to {target} is {estimate:.2r}",
    "picture.diagram.title_groups": "The path from {source} to {target} is strongest in {group} "
    "({estimate:.2r})",
    "picture.diagram.title_improper": "No admissible solution: these paths must not be read",
    "picture.diagram.title_measurement": "How {count} items measure their constructs",
    "picture.diagram.title_items": "How the items go together",
    "picture.diagram.title_spec": "The model: {count} constructs, {items} items, {paths} paths",
    "picture.diagram.spec": "What is believed before there are answers; small arrows tell whether "
    "a construct is measured by its items or formed by them",
    "picture.diagram.arrow": "{source} to {target}",
    "picture.diagram.groups": "groups beside each other: {groups}",
    "picture.diagram.pls": "PLS path model: standardized paths, loadings in the boxes, R² under "
    "the names",
    "picture.diagram.sem": "Covariance-based model: standardized paths, loadings in the boxes, R² "
    "under the names",
    "picture.diagram.key": "width by size; grey dashes: interval includes zero",
    "picture.diagram.key_plain": "width by size",
    "picture.diagram.key_sem": "width by size; grey dashes: p of {limit:.2r} or more; *\u00a0p\u00a0<\u00a0.05, "
    "**\u00a0p\u00a0<\u00a0.01, ***\u00a0p\u00a0<\u00a0.001",
    "picture.diagram.residuals": "correlated residuals of items: {pairs}",
    "picture.diagram.residuals_many": "correlated residuals of items: {pairs} and {more} more",
    "picture.diagram.improper": "not admissible: do not read these numbers",
    "picture.diagram.path": "{source} to {target} {estimate:.2r}",
    "picture.diagram.alt": "Path diagram of {count} constructs: {paths}.",
    "picture.htmt.title.none": "All constructs can be told apart",
    "picture.htmt.title.one": "{pairs} are hard to tell apart",
    "picture.htmt.title.many": "{count} pairs of constructs are hard to tell apart",
    "picture.htmt.subtitle": "Heterotrait-monotrait ratio (HTMT) of each pair of constructs",
    "picture.htmt.key": "framed: {limit:.2r} or more",
    "picture.htmt.alt": "Triangle of HTMT ratios; {count} of {total} reach {limit:.2r}: {pairs}.",
    "picture.gate.title.problems": "Problems to settle before the results are trusted: {problems}",
    "picture.gate.title.cautions": "No problems; cautions: {cautions}",
    "picture.gate.title.clear": "The measured structure holds",
    "picture.scree.title.one": "Parallel analysis keeps one factor",
    "picture.scree.title.many": "Parallel analysis keeps {kept} factors",
    "picture.scree.title.given": "{kept} factors were asked for; parallel analysis would keep {vote}",
    "picture.scree.subtitle": "Eigenvalues of the reduced correlation matrix, beside those of random "
    "data",
    "picture.scree.caption": "n = {n}; 95th percentile of random data, seed {seed}",
    "picture.scree.observed": "The answers",
    "picture.scree.mean": "Random data, mean",
    "picture.scree.q95": "Random data, 95th percentile",
    "picture.scree.x": "Factor",
    "picture.scree.y": "Eigenvalue",
    "picture.scree.alt": "Falling curve of {count} eigenvalues, beginning {first}; those of random "
    "data lie above from factor {next} on.",
    "picture.loadings.title.simple": "Each of the {items} items belongs to one of {factors} factors",
    "picture.loadings.title.cross": "Items that belong to more than one of {factors} factors: "
    "{count} of {items}",
    "picture.loadings.title.single": "{items} items, one factor",
    "picture.loadings.subtitle": "Loadings after {extraction} extraction and {rotation} rotation; "
    "bold from {limit:.2r} on",
    "picture.loadings.alt": "Loadings of {items} items on {factors} factors, each item under the "
    "factor of its largest loading.",
    "picture.cfa.title.fine": "Every item loads {limit:.2r} or more on its construct",
    "picture.cfa.title.weak": "Items that load below {limit:.2r} on their construct: {weak}",
    "picture.cfa.title.weak_many": "Items that load below {limit:.2r} on their construct: {count} of "
    "{items}",
    "picture.cfa.title.improper": "No admissible solution: these loadings must not be read",
    "picture.cfa.subtitle": "Standardized loadings of the items on their constructs",
    "picture.cfa.axis": "Standardized loading",
    "picture.cfa.key": "{level:%} intervals; grey: below {limit:.2r}",
    "picture.cfa.alt": "Dots with intervals for {items} loadings; {count} lie below {limit:.2r}.",
    "header.loading_ci": "Loading [{level:%} CI]",
    "picture.invariance.title.all": "Groups of {group} answer alike: {level} invariance holds",
    "picture.invariance.title.some": "Groups of {group} do not answer alike: {failing} invariance "
    "fails",
    "picture.invariance.title.released": "With {count} released, {level} invariance holds between "
    "groups of {group}",
    "picture.invariance.subtitle": "RMSEA with its 90% interval as more is held equal",
    "picture.invariance.axis": "RMSEA",
    "picture.invariance.values": "CFI (change)  verdict",
    "picture.invariance.caption": "blue: reached; each step is judged against the one above",
    "picture.invariance.alt": "Dots with intervals for RMSEA by step: {listing}.",
    "invariance.step.configural": "configural: same constructs",
    "invariance.step.thresholds": "thresholds: same categories",
    "invariance.step.metric": "metric: same loadings",
    "invariance.step.scalar": "scalar: same intercepts",
    "invariance.step.strict": "strict: same residuals",
    "invariance.step.means": "means: same means",
    "invariance.holds": "holds",
    "invariance.fails": "fails",
    "invariance.improper": "improper",
    "picture.cost.title.some": "Comparing {group} with {first} on {construct} misreads {cost:+.1f} "
    "points",
    "picture.cost.title.none": "Comparing the groups' indices misreads less than a point",
    "picture.cost.title.unsure": "What comparing the groups misreads is not beyond doubt",
    "picture.cost.title.unknown": "What comparing the groups misreads cannot be told",
    "picture.cost.subtitle": "Points of a difference in indices that come from answering differently",
    "picture.cost.axis": "Index points above {first}",
    "picture.cost.values": "Cost [{level:%} CI]  of",
    "picture.cost.caption": "of: the observed difference; grey: may be zero; released: {released}",
    "picture.cost.nothing": "nothing",
    "picture.cost.alt": "Dots with intervals for the cost in index points: {listing}.",
    "header.power_ci": "Power [{level:%} CI]",
    "picture.power.path": "path",
    "picture.power.parameter": "parameter",
    "picture.power.title.all": "With n = {n} every {kind} is found with a power of {limit:.2r} or "
    "more",
    "picture.power.title.some": "With n = {n} these lack power: {weak}",
    "picture.power.title.many": "With n = {n} power is below {limit:.2r} for {count} of {total}",
    "picture.power.title.zero": "Nothing to find: every {kind} is zero in the population",
    "picture.power.title.enough": "{n} respondents find every {kind} with a power of {limit:.2r}",
    "picture.power.subtitle": "Share of simulated samples in which each differs significantly from "
    "zero",
    "picture.power.axis": "Power",
    "picture.power.x": "Respondents",
    "picture.power.caption": "{level:%} Monte Carlo intervals from {replications:,} replications, "
    "seed {seed}",
    "picture.power.key": "grey: below {limit:.2r}",
    "picture.power.needed": "{n}: {label}",
    "picture.power.numbers": "numbers: respondents for a power of {limit:.2r}",
    "picture.power.zero": "zero in the population, so false alarms: {names}",
    "picture.power.alt": "Dots with intervals for power at n = {n}: {listing}; {limit:.2r} is "
    "customary.",
    "picture.power.alt_curves": "Curves of power from n = {first} to n = {last}, where they end at: "
    "{listing}.",
    "header.median_half": "Median [middle half]",
    "picture.units.title": "{widest} differs most between units",
    "picture.units.none": "No unit has a proper solution",
    "picture.units.subtitle": "Median and middle half of each estimate over the units of {by}",
    "picture.units.caption": "{count} of {total} units: those with a proper solution",
    "picture.units.axis": "Estimate",
    "picture.units.alt": "Dots with intervals for the median and middle half over the units of {by}: "
    "{listing}.",
    "picture.gate.subtitle": "What each check found about each construct",
    "picture.gate.key": "large red square: problem; orange diamond: caution; open circle: note; "
    "dot: nothing found",
    "picture.gate.alt": "Grid of constructs and checks. Problems: {problems}, cautions: "
    "{cautions}, notes: {notes}.",
    "check.reliability": "Reliability",
    "check.convergence": "Items agree",
    "check.distinction": "Distinct",
    "check.collinearity": "Sources overlap",
    "check.agreement": "Methods agree",
    "check.solution": "Solution",
    "check.whole_model": "whole model",
    "picture.answers.title": "{highest} is rated best, {lowest} worst",
    "picture.answers.subtitle": "Mean of each item, with one standard deviation to either side",
    "picture.answers.axis": "Answer",
    "picture.answers.alt": "Means of {count} items, highest first, from {highest} to {lowest}.",
    "picture.kmo.title": "The items share enough to be factored: KMO {kmo:.2r}",
    "picture.kmo.title_low": "The items share little: KMO {kmo:.2r}",
    "picture.kmo.subtitle": "Measure of sampling adequacy of each item",
    "picture.kmo.axis": "Sampling adequacy",
    "picture.kmo.alt": "Sampling adequacy of {items} items, lowest for {lowest}; all together "
    "{kmo:.2r}.",
}

STRINGS: dict[str, str] = {
    **PICTURES,
    **DENSITIES,
    **DISCRIMINANT,
    **EFFECTS,
    **FIT,
    **GROUPS,
    **IMPUTATION,
    **PREDICTION,
    **NECESSITY,
    **SEGMENTS,
    **TABLES,
    **REPORT,
}
