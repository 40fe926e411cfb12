"""English words of the findings: what was found, the evidence, what it means, what to do.

Placeholders are the keys of `Finding.evidence`, plus ``{subject}`` (the first
subject) and ``{subjects}`` (all of them, joined).
"""

from tcsmodel.report.language.en_circumstances import CIRCUMSTANCES
from tcsmodel.report.language.en_discriminant import DISCRIMINANT
from tcsmodel.report.language.en_effects import EFFECTS
from tcsmodel.report.language.en_fit import FINDINGS as FIT
from tcsmodel.report.language.en_groups import GROUPS
from tcsmodel.report.language.en_imputation import FINDINGS as IMPUTATION
from tcsmodel.report.language.en_necessity import FINDINGS as NECESSITY
from tcsmodel.report.language.en_prediction import FINDINGS as PREDICTION
from tcsmodel.report.language.en_screening import SCREENING
from tcsmodel.report.language.en_segments import SEGMENTS
from tcsmodel.report.language.en_units import UNITS

FINDINGS: dict[str, dict[str, str]] = {
    **SCREENING,
    **CIRCUMSTANCES,
    **DISCRIMINANT,
    **EFFECTS,
    **FIT,
    **PREDICTION,
    **NECESSITY,
    **UNITS,
    **GROUPS,
    **SEGMENTS,
    **IMPUTATION,
    "not_converged": {
        "finding": "{subject} did not converge.",
        "evidence": "It stopped after {iterations} iterations.",
        "meaning": "Its numbers are not a solution and must not be read.",
        "advice": "Simplify the model, check items for wrong direction, or collect more answers.",
    },
    "weak_model": {
        "finding": "The drivers explain little of {subject}.",
        "evidence": "R2 is {r_squared:.2r}, adjusted {r_squared_adj:.2r}; {minimum:.2r} is a usual minimum.",
        "meaning": "Shares of a small whole: most of what moves {subject} is not among the drivers.",
        "advice": "Add the touchpoints that are not asked yet, or look at segments on their own.",
    },
    "high_vif": {
        "finding": "{subject} says nearly the same as the other drivers.",
        "evidence": "Its variance inflation factor is {vif:.1f}; 5 is a usual caution, 10 a limit.",
        "meaning": "Its regression weight is unstable; its share is divided with its neighbors.",
        "advice": "Read the shares, not the weights; or join it with the driver it resembles most.",
    },
    "negative_beta": {
        "finding": "The weight of {subject} points against its correlation with {target}.",
        "evidence": "Weight {beta:.2r} (t = {t:.1f}), correlation {corr:.2r}.",
        "meaning": "The other drivers already carry what it says (suppression); its share tells "
        "how much it explains, not in which direction to act.",
        "advice": "Do not act on the sign of the weight; look at {subject} alone, or join it with "
        "the driver it resembles most.",
    },
    "order_uncertain": {
        "finding": "Which driver of {target} comes first cannot be told: {subjects}.",
        "evidence": "Each of these {count} may rank first (P between {p_low:.2r} and {p_high:.2r}).",
        "meaning": "Another sample could put any of them on top.",
        "advice": "Treat them as one group, or decide among them by cost and performance; more "
        "answers narrow the ranks.",
    },
    "low_alpha": {
        "finding": "The answers to {subject} do not hang together well.",
        "evidence": "Cronbach's alpha is {alpha:.2r} over {n_items} items; {threshold:.2r} is "
        "customary.",
        "meaning": "Effects of and on {subject} are weakened by error and change from sample to "
        "sample.",
        "advice": "Look for an item with a low loading and leave it out, or ask more items of the "
        "same kind next time; until then read its paths with caution.",
    },
    "low_ave": {
        "finding": "{subject} explains less than half of what its items vary in.",
        "evidence": "Average variance extracted (AVE) is {ave:.2r}; {threshold:.2r} is customary.",
        "meaning": "The items share less with each other than each has of its own.",
        "advice": "Leave out the item with the lowest loading, or split the construct where its "
        "items ask about different things.",
    },
    "htmt_high": {
        "finding": "{subjects} are hard to tell apart.",
        "evidence": "HTMT is {htmt:.2r}; from {threshold:.2r} on two constructs overlap.",
        "meaning": "Customers answer both sets of questions in nearly the same way, so their "
        "separate effects are uncertain.",
        "advice": "Move or drop the items that ask about both, or treat the two as one construct "
        "and compare the conclusions.",
    },
    "htmt_indistinct": {
        "finding": "{subjects} cannot be told apart in these answers.",
        "evidence": "HTMT is {htmt:.2r} [{ci_lower:.2r}, {ci_upper:.2r}]; the interval reaches 1, so "
        "a single construct is compatible with the data.",
        "meaning": "This survey cannot say which of the two has an effect, or is affected.",
        "advice": "Merge them or put a second-order construct above them, or keep the model and "
        "interpret only their joint effect.",
    },
    "merge_candidates": {
        "finding": "{subjects} may be one construct for these customers.",
        "evidence": "Every pair of them has an HTMT of {lowest:.2r} or more.",
        "meaning": "The theory keeps them apart; the answers do not.",
        "advice": "Fit the model with these merged and see whether index and priorities change, or "
        "join them under a second-order construct.",
    },
    "fornell_larcker": {
        "finding": "{subject} shares more with {other} than with its own items.",
        "evidence": "The root of its AVE is {root_ave:.2r}, its correlation with {other} is "
        "{corr:.2r} (Fornell-Larcker rule).",
        "meaning": "By the classic rule the two are not distinct.",
        "advice": "Look at the HTMT of the pair, and drop the items of {subject} that load highly "
        "on {other}.",
    },
    "collinear": {
        "finding": "{subject} overlaps with the other sources of {target}.",
        "evidence": "Its variance inflation factor is {vif:.1f}, above {threshold:.1f}.",
        "meaning": "Its own path to {target} has a wider interval than the sample size suggests.",
        "advice": "Read the overlapping sources together rather than each path, or look at the "
        "driver shares, which divide what they have in common.",
    },
    "improper_sem": {
        "finding": "The covariance-based solution ({subject}) is not admissible.",
        "evidence": "The fit ended with the status '{status}'; troubles named in this table: {count}.",
        "meaning": "Its estimates are not those of any population, so they must not be reported; "
        "PLS prints calm numbers for the same data because it never checks this.",
        "advice": "Merge the constructs that cannot be told apart, or drop weak items, and fit "
        "again; until then read the PLS paths as descriptions of composites.",
    },
    "methods_disagree_sign": {
        "finding": "PLS and covariance-based SEM give opposite signs.",
        "evidence": "{count} of {total} paths differ in sign: {subjects}.",
        "meaning": "The direction of these effects depends on the method: the data leave it open.",
        "advice": "Do not interpret these paths; look for constructs that overlap among their "
        "sources, and merge or drop one.",
    },
    "methods_disagree": {
        "finding": "PLS and covariance-based SEM disagree about which paths differ from zero.",
        "evidence": "{count} of {total} paths: {subjects}.",
        "meaning": "Evidence for these effects rests on the method that found it.",
        "advice": "Report both estimates with their intervals, or collect more respondents before "
        "relying on these paths.",
    },
    "negative_share": {
        "finding": "Item {item} counts against the index of {subject}.",
        "evidence": "Its share of the index is {share:.2r}.",
        "meaning": "A better answer to it would lower the index, and the index can leave 0-100.",
        "advice": "Reverse the item if it is worded against the others, or leave it out.",
    },
    "no_index": {
        "finding": "There is no 0-100 index of {subjects}.",
        "evidence": "The limits of the scale of at least one item of each are not known.",
        "meaning": "What has no index is left out of the index table, the drivers and the priorities.",
        "advice": "State the limits with Survey(..., scale=...), or leave the constructs out.",
    },
    "impact_at_means": {
        "finding": "The impacts of {subjects} on {target} are those at the mean of what moderates "
        "them.",
        "evidence": "On the way to {target} there are products: {interactions}.",
        "meaning": "Where a moderator is low or high, a point more of the other construct is worth "
        "less or more than the table of impacts says.",
        "advice": "Read index.moderated_impacts beside it, or pls.simple_slopes(...) for the paths.",
    },
    "index_without_drivers": {
        "finding": "No construct of the model leads to {subject}.",
        "evidence": "There is no path to it, so its index has no impacts.",
        "meaning": "The index itself stands; what would move it, the model does not say.",
        "advice": "Choose the target that the paths lead to, or add a path to {subject}.",
    },
    "negative_importance": {
        "finding": "A better {subject} goes with a lower {target}.",
        "evidence": "Its total effect is {importance:.2f} points per point.",
        "meaning": "Raising it would not pay by this model; mostly this is overlap with other "
        "drivers rather than a true harm.",
        "advice": "Check the wording of its items for reversed ones, and its overlap with other "
        "drivers in the structure gate.",
    },
    "tied_priorities": {
        "finding": "The order of {subjects} cannot be told.",
        "evidence": "Each is first in between {p_lowest:%} and {p_highest:%} of the draws.",
        "meaning": "They share the first place: a new sample could turn their order round.",
        "advice": "Choose among them by cost and feasibility, or ask more respondents.",
    },
    "unstable_quadrant": {
        "finding": "{subjects} may belong to another quadrant of the priority map.",
        "evidence": "Their quadrant holds in as few as {lowest:%} of the draws; "
        "{threshold:%} is wanted.",
        "meaning": "They lie near a line of the map, so the quadrant's name says too much.",
        "advice": "Read their position with its interval instead of the quadrant, or ask more "
        "respondents.",
    },
    "same_respondents": {
        "finding": "Exploration and confirmation used the same respondents.",
        "evidence": "Each half would hold {n_half} complete respondents; {needed} are needed for "
        "{n_items} items.",
        "meaning": "The confirmatory fit looks better than it would on new answers.",
        "advice": "Confirm the structure on the next wave, or collect at least {n_needed} complete "
        "answers.",
    },
    "low_loading": {
        "finding": "{subject} says little about {construct}.",
        "evidence": "Its loading is {loading:.2r}; below {limit:.2r} an item is usually dropped.",
        "meaning": "Most of what moves the answers to {subject} is something else.",
        "advice": "Read its wording beside the other items of {construct}, then leave it out, or "
        "keep it when the theory needs it and report the loading.",
    },
    "modest_loading": {
        "finding": "Some items of {subject} share less than half of their variance with it.",
        "evidence": "{items}: the lowest loading is {lowest:.2r}; {limit:.2r} is customary.",
        "meaning": "Such items are common in satisfaction surveys; they cost reliability.",
        "advice": "Keep them while alpha and AVE of {subject} are acceptable; else look first at "
        "the lowest, and reword it or leave it out.",
    },
    "negative_weight": {
        "finding": "{subject} counts against {construct}.",
        "evidence": "Its outer weight is {weight:.2r}.",
        "meaning": "A better answer to {subject} lowers the score of {construct}, which is seldom "
        "meant.",
        "advice": "Reverse the item if it is worded against the others, or leave it out; in Mode B "
        "look first for items that repeat each other.",
    },
    "collinear_items": {
        "finding": "Items of {subject} repeat each other.",
        "evidence": "The variance inflation factor of {item} is {vif:.1f}; above {limit:.0f} its "
        "weight is unstable.",
        "meaning": "Which of these items carries the weight is chance; the construct itself is "
        "less affected.",
        "advice": "Drop one of the items that say the same, or estimate {subject} in Mode A.",
    },
    "dependent_items": {
        "finding": "Some items of {subject} can be computed from its other items.",
        "evidence": "Among {items} one repeats another exactly, or is a sum of others.",
        "meaning": "What they share counts twice in {subject}, and its reliability looks better "
        "than it is.",
        "advice": "Drop the repeated item or the total, or look for a copying error in the data.",
    },
    "collinear_antecedents": {
        "finding": "The sources of {target} overlap: {antecedents}.",
        "evidence": "The variance inflation factor of {source} is {vif:.1f}; above {limit:.0f} "
        "paths are unstable.",
        "meaning": "The separate paths to {target} cannot be trusted, not even their signs; their "
        "joint effect can.",
        "advice": "Merge constructs that cannot be told apart, or drop the path that the theory "
        "needs least.",
    },
    "replicate_weights_lost": {
        "finding": "Some replicate weights do not determine {subject}, so it has no standard errors.",
        "evidence": "{lost} of {replicates} ended without a solution.",
        "meaning": "Each of them stands for a part of the sample and cannot be left out.",
        "advice": "Use fewer constructs or items, or collect more answers.",
    },
    "replicates_lost": {
        "finding": "Some bootstrap replicates of {subject} ended without a solution.",
        "evidence": "{lost} of {replicates} ({share:%}).",
        "meaning": "The intervals describe the other replicates and may be too narrow.",
        "advice": "Use fewer constructs or items, or collect more answers.",
    },
    "replicates_lost_rare": {
        "finding": "Some bootstrap replicates of {subject} ended without a solution.",
        "evidence": "{lost} of {replicates} ({share:%}). Answers of {items} are so rare that resamples "
        "lack them.",
        "meaning": "The intervals describe the other replicates and may be too narrow.",
        "advice": "Join rare categories with their neighbours and fit again, or read the "
        "intervals that come without a bootstrap.",
    },
    "ignored_by_pls": {
        "finding": "PLS does not use everything that the model text states.",
        "evidence": "Ignored: {ignored}.",
        "meaning": "The estimates are those of the model without these marks.",
        "advice": "Remove them for PLS, or use SEM, which honors them.",
    },
    "htmt_uncertain": {
        "finding": "These answers do not settle whether some constructs are distinct: {pairs}.",
        "evidence": "Their HTMT ratios of {lowest:.2r} to {highest:.2r} lie below {threshold:.2r}, "
        "but the intervals end between {upper_lowest:.2r} and {upper_highest:.2r}: none excludes "
        "1.",
        "meaning": "The constructs of a pair may be two, measured with much error, or one.",
        "advice": "Ask more, and more reliable, items of the weaker one, or more respondents; do "
        "not merge on this evidence alone, and do not compare their separate effects.",
    },
    "stage_failed": {
        "finding": "The stage '{subject}' could not be computed.",
        "evidence": "{reason}",
        "meaning": "Everything else stands without it.",
        "advice": "Do what the reason says and run the study again, or report without this stage.",
    },
    "headline_index": {
        "finding": "{subject} stands at {index:.1f} of 100 points ({level:%} CI {ci_lower:.1f} to "
        "{ci_upper:.1f}; {kind:@weights}, n = {n}).",
        "evidence": "Mean of the respondents' indices; the interval estimates the item weights "
        "anew in every replicate.",
        "meaning": "0 is the lowest answer to every item, 100 the highest.",
        "advice": "Compare it only with an index of the same definition, and with intervals.",
    },
    "headline_index_turned": {
        "finding": "The index of {subject} cannot be read ({index:.1f} of 100): a better answer to "
        "{items} lowers it.",
        "evidence": "Items with a negative share of the index.",
        "meaning": "What follows from the index, drivers and priorities, cannot be read either.",
        "advice": "Reverse the items if they are worded against the others, or leave them out.",
    },
    "headline_drivers_turned": {
        "finding": "What explains {subject} is not told: its index runs against {items}.",
        "evidence": "The outcome of the key drivers is that index.",
        "meaning": "Shares of R2 would explain a mixture of satisfaction and its opposite.",
        "advice": "Reverse {items} or leave them out, and run the study again.",
    },
    "headline_priority_turned": {
        "finding": "No priority is told: gains of {subject} would be counted against {items}.",
        "evidence": "Priorities are ranked by the points that the index gains.",
        "meaning": "The order may point at what lowers satisfaction.",
        "advice": "Reverse {items} or leave them out, and run the study again.",
    },
    "headline_driver": {
        "finding": "{subject} carries the largest part of what explains {target}: {share:%} "
        "({level:%} CI {ci_lower:%} to {ci_upper:%}) of R2 = {r_squared:.2r}.",
        "evidence": "Shares of R2 averaged over all orders of entry (LMG).",
        "meaning": "Customers who differ in {target} differ most in {subject}.",
        "advice": "Look at its items, and at the shares of the others beside it.",
    },
    "headline_drivers": {
        "finding": "{subjects} are the strongest drivers of {target}, together {share:%} of "
        "R2 = {r_squared:.2r}; their order cannot be told.",
        "evidence": "Each of them may rank first at a level of {level:%}.",
        "meaning": "Customers who differ in {target} differ most in these.",
        "advice": "Treat them as one group, or decide among them by cost and performance.",
    },
    "headline_priority": {
        "finding": "Improve {subject} first: {target} stands {impact:.1f} points higher ({level:%} "
        "CI {ci_lower:.1f} to {ci_upper:.1f}) for every {rise:.0f} points of it, and it comes first "
        "in {p_first:%} of the draws.",
        "evidence": "Ranked by potential gain: total effect times the distance to 100.",
        "meaning": "Its performance of {performance:.1f} leaves room that matters.",
        "advice": "Start with its weakest item, and measure again after the change.",
    },
    "headline_tie": {
        "finding": "Improve one of {subjects} first: which one cannot be told (each comes first in "
        "{p_lowest:%} to {p_first:%} of the draws).",
        "evidence": "Ranked by potential gain: total effect times the distance to 100.",
        "meaning": "A new sample could turn their order round.",
        "advice": "Choose among them by cost and feasibility, or ask more respondents.",
    },
    "headline_order": {
        "finding": "Improve {subject} first: {target} stands {impact:.1f} points higher for every "
        "{rise:.0f} points of it.",
        "evidence": "Ranked by potential gain: total effect times the distance to 100.",
        "meaning": "How sure this order is needs a bootstrap.",
        "advice": "Run .bootstrap(5000, seed=7), then read the probabilities.",
    },
    "headline_trusted": {
        "finding": "No problem stands against these results (cautions: {n_cautions}).",
        "evidence": "Reliability, distinctness, collinearity and admissibility were checked.",
        "meaning": "The constructs can be measured and told apart.",
        "advice": "Read the cautions, and report them with the results.",
    },
    "headline_overlap": {
        "finding": "Do not read the separate effects of {subjects}: customers hardly tell them "
        "apart (problems in the structure gate: {n_problems}).",
        "evidence": "Their HTMT ratios are .90 or more.",
        "meaning": "Which of them drives the outcome is not settled by these answers.",
        "advice": "See the structure gate for each pair, and for what to do.",
    },
    "headline_overlap_improper": {
        "finding": "Do not read the separate effects of {subjects}: customers hardly tell them "
        "apart, and the covariance-based solution is not admissible (problems in the structure "
        "gate: {n_problems}).",
        "evidence": "Their HTMT ratios are .90 or more, and SEM or CFA ended improperly.",
        "meaning": "Which of them drives the outcome is not settled by these answers.",
        "advice": "See the structure gate for each pair, and for what to do.",
    },
    "headline_unreliable": {
        "finding": "Read effects of {subjects} with caution: their scales are not reliable "
        "(problems in the structure gate: {n_problems}).",
        "evidence": "Cronbach's alpha is below .60.",
        "meaning": "Effects are weakened by error and change from sample to sample.",
        "advice": "See the structure gate for the evidence, and for what to do.",
    },
    "headline_problems": {
        "finding": "The structure gate lists problems with these results: {n_problems}.",
        "evidence": "Besides, cautions: {n_cautions}.",
        "meaning": "The numbers concerned must not be used as they are.",
        "advice": "Start with the first one of the table, and run the study again.",
    },
    "next_merge": {
        "finding": "Next: fit the model with {subjects} merged, and act only on what both versions "
        "say.",
        "evidence": "They overlap most in these answers.",
        "meaning": "A conclusion that survives the merging does not hinge on telling them apart.",
        "advice": "Merge them in the model text, or join them under a second-order construct.",
    },
    "next_mend": {
        "finding": "Next: mend what the structure gate lists first ({subjects}), and run the study "
        "again.",
        "evidence": "It is the worst finding of the gate.",
        "meaning": "What follows from it may change.",
        "advice": "See its advice in the gate, or leave out what it concerns.",
    },
    "next_turn": {
        "finding": "Next: look at the wording and the coding of {subjects}, reverse or leave out, "
        "and run the study again.",
        "evidence": "Each counts against the index that it belongs to.",
        "meaning": "Until then no number that rests on the index means what it says.",
        "advice": "Name items worded against the others in reverse=[...], others leave out.",
    },
    "next_repair": {
        "finding": "Next: mend the stages that could not be computed, and run the study again.",
        "evidence": "Their reasons are listed.",
        "meaning": "Without them there is no order of improvements.",
        "advice": "Correct the data or the model as the reasons say.",
    },
    "next_act": {
        "finding": "Next: raise {subject} by {step:.0f} points, and measure {target} again.",
        "evidence": "It has the largest potential gain.",
        "meaning": "Only a new wave shows whether the change worked.",
        "advice": "Choose its weakest items, and keep the questions unchanged.",
    },
    "heywood": {
        "finding": "The factors claim to explain {subjects} completely (a Heywood case).",
        "evidence": "The uniqueness ended at its lower bound of {bound:.3r}.",
        "meaning": "No item is free of error: the solution is not a proper one.",
        "advice": "Ask for one factor less, or leave out an item that nearly repeats another.",
    },
    "no_common_factor": {
        "finding": "No factor stands out from chance.",
        "evidence": "Parallel analysis keeps {parallel_factor} factors; {used} was extracted.",
        "meaning": "The loadings describe noise.",
        "advice": "Do not read the factors; look at the wording, or collect more answers.",
    },
    "factors_limited": {
        "finding": "Fewer factors were extracted than parallel analysis suggests.",
        "evidence": "It suggests {parallel_factor}; this many items identify at most {most}.",
        "meaning": "What further factors hold is spread over those extracted.",
        "advice": "Add items, or read the factors as a summary only.",
    },
    "number_uncertain": {
        "finding": "The rules do not agree on the number of factors; {used} are shown.",
        "evidence": "Parallel analysis suggests {parallel_factor} (factors) and "
        "{parallel_component} (components); Kaiser's rule, which keeps too many, {kaiser}.",
        "meaning": "Another number may describe the items as well.",
        "advice": "Compare the solutions with one factor more and one less; keep the one whose "
        "factors can be named.",
    },
    "weak_item": {
        "finding": "{subjects} belong to no factor.",
        "evidence": "Their largest loadings reach {largest:.2r} at most; {minimum:.2r} is a usual "
        "minimum.",
        "meaning": "They measure something else, or little at all.",
        "advice": "Look at their wording; leave them out, or use them as single items.",
    },
    "cross_loading": {
        "finding": "{subjects} belong to more than one factor.",
        "evidence": "A second loading of {second:.2r} or more lies within {gap:.2r} of the largest.",
        "meaning": "They blur the difference between the factors.",
        "advice": "Leave them out of scales, or ask for one factor more and look again.",
    },
    "few_items_factor": {
        "finding": "{subject} rests on few items: {items}.",
        "evidence": "{count} items have their largest loading there; {fewest} are a usual minimum.",
        "meaning": "It may not return in another sample.",
        "advice": "Ask for one factor less, or write more items for it.",
    },
    "factors_overlap": {
        "finding": "{subjects} are nearly the same factor.",
        "evidence": "They correlate {correlation:.2r}; {limit:.2r} is a usual limit.",
        "meaning": "Customers do not tell them apart.",
        "advice": "Ask for one factor less, or join their items in one scale.",
    },
    "power_lost": {
        "finding": "Some samples give no solution.",
        "evidence": "At n = {n} {share:%} of the replications reached no minimum; they do not count.",
        "meaning": "In such a sample nothing could be reported, and the power of the others flatters "
        "the design.",
        "advice": "Plan more respondents, or more items for each construct.",
    },
    "power_improper": {
        "finding": "Some samples give a solution that cannot be reported.",
        "evidence": "At n = {n} {improper:%} of the replications have a negative variance or a "
        "correlation beyond one, and in {ridge:%} a coefficient is hardly determined.",
        "meaning": "A study of this size may end in the same way.",
        "advice": "Plan more respondents, give the constructs more or better items, or merge "
        "constructs that nearly coincide.",
    },
    "power_fixed": {
        "finding": "Loadings or paths have no power because the text fixes them ({count} in all).",
        "evidence": "{first} is no parameter of the fits, which hold it at its value.",
        "meaning": "What is not estimated cannot be found or missed.",
        "advice": "Write start({value})*{source} for what is so in the population and is to be estimated, or "
        "name it in parameters=; leave fixed what the study will fix.",
    },
    "power_bias": {
        "finding": "Estimates are off their population values in {count} of the parameters.",
        "evidence": "At n = {n} by {size:%} on average for {worst}; 10% is a usual limit.",
        "meaning": "Maximum likelihood needs a larger sample for this model.",
        "advice": "Plan more respondents, or leave out what so small a value cannot support.",
    },
    "power_se_bias": {
        "finding": "Standard errors do not match the spread of the estimates in {count} of the "
        "parameters.",
        "evidence": "At n = {n} they are off by {size:%} for {worst}; 10% is a usual limit.",
        "meaning": "Tests and intervals promise another precision than there is, so this power is "
        "not what a bootstrap would give.",
        "advice": "Plan more respondents, or bootstrap the intervals.",
    },
    "power_coverage": {
        "finding": "Intervals do not hold the true value as often as they say for {count} of the "
        "parameters.",
        "evidence": "At n = {n} those of {worst} hold it in {coverage:%} of the replications.",
        "meaning": "The sample is too small for intervals by standard errors.",
        "advice": "Plan more respondents, or bootstrap the intervals.",
    },
    "at_bound": {
        "finding": "The solution lies at a limit that the model sets: {subjects}.",
        "evidence": "It would lie beyond without the limit ({count} in all).",
        "meaning": "Standard errors and p values count the parameters at a limit as fixed.",
        "advice": "Fit the model without the limit to see what the data ask for, and keep it only "
        "where theory demands it.",
    },
    "thresholds_untested": {
        "finding": "Equal thresholds of {subjects} are supposed, not tested.",
        "evidence": "Three categories have two thresholds each, which set the scale of the variable "
        "behind ({count} item(s)).",
        "meaning": "The step of thresholds fits as well as the one before, whatever the groups do.",
        "advice": "Say so in the report; to test thresholds ask with four categories or more.",
    },
    "rare_category": {
        "finding": "Some answers of {subjects} are rare.",
        "evidence": "Answers in the rarest category: {count}; below {limit} its threshold says little.",
        "meaning": "Correlations of these items lean on few respondents, and a bootstrap loses the "
        "replicates without them.",
        "advice": "Join a rare category with its neighbour, or check that the results stay as they "
        "are when you do.",
    },
    "extreme_correlation": {
        "finding": "Behind their answers these items are all but the same: {subjects}.",
        "evidence": "Correlations of 1 or -1, or nearly: {count}.",
        "meaning": "Their table has empty cells on one side, so that the model measures one item "
        "twice.",
        "advice": "Leave one of the items out, or join rare categories.",
    },
    "correlations_not_definite": {
        "finding": "The polychoric correlations are impossible as a set.",
        "evidence": "Their least eigenvalue is {eigenvalue:.3f}.",
        "meaning": "Each pair has its own respondents and table; robust fit measures are not known.",
        "advice": "Join rare categories or leave out an item that nearly repeats another; with "
        "missing='pairwise', compare with 'listwise'.",
    },
    "underlying_not_normal": {
        "finding": "The variables behind the answers are not normal, as polychoric correlations "
        "presume.",
        "evidence": "The information about these correlations is {ratio:.2f} of that which their "
        "standard errors count on; below {limit:.2f} with z {z:.1f}.",
        "meaning": "Standard errors without a bootstrap are too small by about as much, and the "
        "scaled chi-square rejects right models too often; the correlations can be off as well.",
        "advice": "Take intervals from .bootstrap(1000, seed=1), or, with five categories or more, "
        "compare with ordered=False and estimator='mlr'.",
    },
    "improper_step": {
        "finding": "These steps of invariance have no admissible solution: {subjects}.",
        "evidence": "The {first} step ended with status {status}: {reason}",
        "meaning": "They cannot be judged, nor can the steps that follow.",
        "advice": "Fit each group alone to see which one is in trouble, and simplify the constructs "
        "it concerns: leave out the item, or merge constructs that overlap.",
    },
    "no_common_structure": {
        "finding": "The model does not fit the groups of {subject} even with nothing equal.",
        "evidence": "CFI is {cfi:.3r} and SRMR {srmr:.3r}; .90 and .08 are customary limits.",
        "meaning": "The items do not form the same constructs in every group.",
        "advice": "Fit the groups one by one and look at the modification indices, or explore the "
        "structure of each group with EFA; until then compare items, not constructs.",
    },
    "not_comparable": {
        "finding": "Means of the groups of {subject} must not be compared: {step} invariance is not "
        "reached.",
        "evidence": "CFI changes by {delta_cfi:.3r}, chi-square by {delta_chi2:.1f} on {delta_df} df; "
        "{level} invariance is reached. What differs most: {worst}.",
        "meaning": "Groups with the same opinion give different answers to some items, so a "
        "difference of means mixes opinion with the way of answering.",
        "advice": "Release what differs with .partial(), and see with tcs.invariance_cost(...) how "
        "many index points a comparison would misread; or leave those items out.",
    },
    "small_group": {
        "finding": "Group {subject} is small.",
        "evidence": "It has {n} respondents; {limit} is a usual minimum for these rules.",
        "meaning": "Real differences may stay hidden, and changes of fit are unreliable.",
        "advice": "Join it with a group that resembles it, or collect more answers; read its "
        "verdict with caution.",
    },
    "partial_invariance": {
        "finding": "Some parameters differ between the groups by choice: {subjects}.",
        "evidence": "{count} released after looking at the data; {level} invariance is reached with "
        "the others.",
        "meaning": "Comparisons rest on the items that stay equal; part of what was released may be "
        "chance.",
        "advice": "Report what was released, and repeat it on another sample or half of this one.",
    },
    "rules_disagree": {
        "finding": "The rules disagree on {subject} invariance.",
        "evidence": "The chi-square difference is {chi2:.1f} on {df:.0f} df, {p:p}; the change of "
        "fit is within its limits.",
        "meaning": "Something differs, but too little for the rules by which the step holds, which "
        "often pass over a single item that differs moderately.",
        "advice": "Look at tcs.release_tests(result.steps['{subject}']), and say in the report which "
        "rule decides; where one item stands out, compare with and without it.",
    },
    "rules_disagree_ordinal": {
        "finding": "The rules disagree on {subject} invariance.",
        "evidence": "The chi-square difference is {chi2:.1f} on {df:.0f} df, {p:p}; the change of "
        "fit is within its limits.",
        "meaning": "Something differs, but too little for the rules by which the step holds, which "
        "often pass over a single item that differs moderately.",
        "advice": "Say in the report which rule decides; the limits of change were found for "
        "continuous items. Free one item at a time by CFA(..., group_partial=[...]) and compare().",
    },
    "misread_difference": {
        "finding": "The index of {subject} misleads when {group} is compared with {first}.",
        "evidence": "Answering differently makes {cost:+.1f} points [{lower:.1f}, {upper:.1f}] of a "
        "difference of {observed:+.1f}; the constructs differ by {latent:+.1f}.",
        "meaning": "Who compares the indices takes a way of answering for an opinion.",
        "advice": "Compare the latent difference, or take the released items out of the index for "
        "comparisons of groups.",
    },
    "cost_without_anchors": {
        "finding": "What comparing the groups of {subject} costs cannot be told.",
        "evidence": "With {released} parameters released {step} invariance is still not reached.",
        "meaning": "Too few items are answered alike to tell opinion from way of answering.",
        "advice": "Look for items that should mean the same to every group and add them, or do not "
        "compare these groups.",
    },
    "negative_variance": {
        "finding": "The unexplained variance of {subject} is negative.",
        "evidence": "It is estimated at {variance:.3f} with a standard error of {se:.3f} (a Heywood "
        "case).",
        "meaning": "No variable can have a negative variance, so the solution describes no "
        "population; what surrounds {subject} is distorted as well.",
        "advice": "Look for an item that correlates with one neighbor far above the others, and "
        "drop it or give the construct a third item; where the estimate is within two standard "
        "errors of zero, fix it at zero and compare the fit.",
    },
    "correlation_above_one": {
        "finding": "The model implies a correlation beyond one between {subjects}.",
        "evidence": "It is {corr:.3f}.",
        "meaning": "The items of the two constructs share more than their reliability allows: they "
        "measure one thing.",
        "advice": "Merge the two constructs, or put a second-order construct above them.",
    },
    "inadmissible_correction": {
        "finding": "Corrected for unreliability, {subject} has a solution that no data can have.",
        "evidence": "Its reliability rho_A is {rho_a:.2f}, its largest loading {loading:.2f} and "
        "its R2 {r_squared:.2f}; none may exceed 1.",
        "meaning": "Its items do not agree with one factor, or the model has two names for one "
        "thing.",
        "advice": "Leave out the item with the lowest loading, or read the fit without the "
        "correction: consistent=False.",
    },
    "units_without_design": {
        "finding": "The intervals of {subject} do not know of the sampling design of the survey.",
        "evidence": "Respondents of a unit are taken as drawn one by one.",
        "meaning": "Replicate weights say how estimates of all respondents vary, not of one unit with "
        "a model of its own: intervals are likely too narrow; the indices are right.",
        "advice": "Where one model holds for all units, read tcs.satisfaction_index(result).by(...), "
        "which counts the design; or name the clusters, Survey(..., cluster=), where they are known.",
    },
    "correction_replicates": {
        "finding": "In some bootstrap replicates consistent PLS has a solution that no data can have.",
        "evidence": "{share:%} of {replicates}: a reliability, a loading, a correlation or an R2 "
        "above 1. They are kept.",
        "meaning": "The correction is at its limit in samples of this size; intervals are wide "
        "because of it, and would be too narrow without these replicates.",
        "advice": "Read the bootstrap intervals rather than the standard errors, or compare with "
        "consistent=False.",
    },
    "unit_replicates_lost": {
        "finding": "Some bootstrap replicates of {count} of {total} units did not end.",
        "evidence": "The worst is {unit}: {share:.0%} of its replicates.",
        "meaning": "The intervals of these units rest on the replicates that ended.",
        "advice": "Look at the items of these units for ones that hardly vary, or read their index "
        "with the interval of fixed weights: bootstrap=0.",
    },
    "latent_not_definite": {
        "finding": "The correlations that the model implies among {subjects} cannot exist.",
        "evidence": "Their matrix has an eigenvalue of {eigenvalue:.3f}; none may be negative.",
        "meaning": "Together these constructs hold fewer dimensions than the model gives them.",
        "advice": "Merge the two that overlap most (see the HTMT ratios), or drop one of them.",
    },
    "residual_not_definite": {
        "finding": "The residual covariances among {subjects} cannot exist.",
        "evidence": "Their matrix has a negative eigenvalue, though every variance is positive.",
        "meaning": "The covariances added between item errors are larger than the errors allow.",
        "advice": "Remove the covariances that no theory asks for, or replace them by a method "
        "factor.",
    },
    "ridge": {
        "finding": "These data do not determine coefficients ({count} in all), above all {worst}.",
        "evidence": "Standardized it is {std:.2f} with a standard error of {se:.1f}; the fit hardly "
        "changes along the whole range. The closest constructs, {first} and {second}, correlate "
        "{corr:.3f} in the model.",
        "meaning": "The solution lies on a ridge: another sample, or another program, may give any "
        "value, even of the other sign, while chi-square and the implied covariances stay the same.",
        "advice": "Do not report these coefficients. Merge {first} and {second}, or put a "
        "second-order construct above the overlapping ones; or read PLS with this caution.",
    },
    "ridge_apart": {
        "finding": "These data do not determine coefficients ({count} in all), above all {worst}.",
        "evidence": "Standardized it is {std:.2f} with a standard error of {se:.1f}; the fit hardly "
        "changes along the whole range. No two constructs correlate above .80 in the model.",
        "meaning": "The solution lies on a ridge: another sample, or another program, may give any "
        "value, even of the other sign, while chi-square and the implied covariances stay the same.",
        "advice": "Do not report these coefficients. Ask more respondents, leave out the construct, or "
        "give its loadings one label, as in f =~ a*x1 + a*x2, which makes them equal.",
    },
    "item_against_others": {
        "finding": "{subject} runs against the other items of {construct}.",
        "evidence": "Its standardized loading is {std:.2f}, and most of theirs have the other sign.",
        "meaning": "It may be worded the other way round and not be recoded yet; scores and an index "
        "of the construct then count it the wrong way.",
        "advice": "Read its wording: if it is reversed, name it in reverse=[...]; if it is not, leave it "
        "out of this construct.",
    },
    "constraints_unmet": {
        "finding": "Where the search ended, this does not hold: {subjects}.",
        "evidence": "No parameters were found that meet all constraints of the model.",
        "meaning": "Constraints that exclude each other, or what any number can be (a*a == -1), have no "
        "solution; others may be far from where the search began.",
        "advice": "Leave out the constraint that you believe least, or give starting values that meet "
        "all of them (start(0.7)*x).",
    },
    "search_not_converged": {
        "finding": "{subject} did not converge.",
        "evidence": "Fisher scoring with shortened steps, then Newton's method, stopped after "
        "{iterations} iterations without a minimum.",
        "meaning": "Its numbers are not a solution and must not be read.",
        "advice": "Give starting values near what you expect (start(0.7)*x), turn items that run "
        "the wrong way, keep variances at zero or above (bounds='standard'), or simplify the "
        "model.",
    },
    "undefined_parameter": {
        "finding": "{subject} is not a number at these estimates.",
        "evidence": "It is defined as {expression}.",
        "meaning": "A logarithm or root of a negative number, or a division by zero, has no value.",
        "advice": "Change the definition, for example with abs(), or bound the parameters in it.",
    },
    "singular_information": {
        "finding": "{subject} has no standard errors.",
        "evidence": "The information matrix is singular at the solution.",
        "meaning": "Some parameter can change without any change of the fit.",
        "advice": "Fix or remove a parameter of the constructs with the fewest items, or give them "
        "more items.",
    },
    "naive_errors": {
        "finding": "Standard errors and chi-square of {subject} do not know of the survey weights.",
        "evidence": "Unequal weights alone multiply the variance of a mean by {effect:.2f} (Kish).",
        "meaning": "Intervals are too narrow and chi-square is too large; estimates are right.",
        "advice": "Fit with estimator='mlr', or missing='robust_two_stage', whose errors and test "
        "count the weights; or bootstrap, "
        "which mends the intervals though not the chi-square.",
    },
    "ignored_replicates": {
        "finding": "Standard errors and chi-square of {subject} do not know of the replicate "
        "weights.",
        "evidence": "The survey has {replicates} of them, which say how respondents were drawn.",
        "meaning": "Intervals are likely too narrow and chi-square too large; estimates are right.",
        "advice": "Fit with estimator='mlr', whose errors and test count them; or call "
        ".replicated(), which mends the intervals though not the chi-square.",
    },
    "ignored_design": {
        "finding": "Standard errors and chi-square of {subject} do not know how respondents were "
        "drawn.",
        "evidence": "The survey names {clusters} sampling units (clusters, or respondents without "
        "any) in {strata} strata.",
        "meaning": "Answers within a cluster resemble each other, so intervals are likely too "
        "narrow and chi-square too large; estimates are right.",
        "advice": "Fit with estimator='mlr', or missing='robust_two_stage', which count the design; "
        "or bootstrap, which mends the intervals though not the chi-square.",
    },
    "replicates_improper": {
        "finding": "Some bootstrap replicates of {subject} are not admissible.",
        "evidence": "{improper:%} improper and {ridge:%} on a ridge, of {replicates}. They are kept.",
        "meaning": "Their coefficients can be extreme, and the intervals are wide because of them; "
        "leaving them out would make the intervals too narrow.",
        "advice": "Read the bootstrap intervals rather than the standard errors, or simplify the "
        "model until the replicates are admissible.",
    },
}
