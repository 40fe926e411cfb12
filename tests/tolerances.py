"""Tolerances of reference comparisons; each looser one names its reason."""

CLOSED_FORM = 1e-6
POINT = 1e-5
FIT = 1e-5
SE = 1e-4
CHI2 = 1e-4
PLS = 1e-6
# cSEM's own polychoric correlations (from polycor) are up to 2e-5 off their maximum.
ORDINAL_PLS = 2e-5

# With missing answers GFI, AGFI and PGFI of lavaan compare the implied moments with those of
# available answers, by the expected information of the gaps (`test_sem_fiml` has its numbers to
# 1e-7); ours with the EM moments, by that of complete answers.
GFI_WITH_GAPS = 1e-3
# In two-stage estimation it takes the weight at the moments themselves; ours is at those implied.
GFI_TWO_STAGE = 5e-3

# psych stops its optimizer early (about 2e-4 off the minimum of the same objective).
EFA_UNROTATED = 2e-4
EFA_OBLIMIN = 1e-3
# psych's varimax stops at eps 1e-5, up to 6.5e-4 off its own strict solution.
EFA_VARIMAX = 3e-3
EFA_STRICT = 1e-5
# Ratios of fourth powers of loadings that agree to EFA_OBLIMIN.
EFA_COMPLEXITY = 10 * EFA_OBLIMIN
# A tail probability: its relative error is that of chi-square times half of chi-square.
EFA_P = 1e-3

# SmartPLS prints six to eight digits and stops when weights change by less than 1e-5.
PLS_PRINTED = 2e-6

# Published from 500 draws: a standard error of a standard error is then 3 percent or more.
PUBLISHED_SE = 0.2

# lavaan stops its optimizer before the minimum on mobi and on some resamples (our chi-square is
# up to 9e-8 lower): its estimates lie up to 2e-4 standard errors away.
LAVAAN_STOP = 5e-4

# Where semopy's search ends, at the precision that it is asked for.
SEMOPY = 1e-4

# The scaling of a difference test of 2010 is a small difference of two traces near 190, each of
# which lavaan's stopping rule moves by 1e-6 of itself.
DIFFERENCE_2010 = 5e-4

# Modification indices and score tests: quadratic in scores that vanish at lavaan's stop only
# as far as its optimizer went.
MODIFICATION = 1e-3

# A bifactor model of mobi whose fit improves without end as a loading grows: lavaan stops at a
# loading of 31, we recognise the ridge earlier, 3e-4 of chi-square above.
RIDGE_CHI2 = 1e-3

# Numbers from random folds that were not saved, in standard deviations over folds of our own.
FOLDS = 4.0
# Means of random imputations on both sides, in standard errors of their difference.
IMPUTATIONS = 4.0
# Outer weights of PLS, which agree to 1e-7, move the maximum of a mixture by more.
FIMIX = 1e-5

# Tests of imputations: riv is a difference of two likelihood ratios, each of which lavaan's
# stopping rule moves by up to 1e-6 of itself, and df2 goes with its square.
POOLED_RIV = 2e-4
POOLED_DF = 2 * POOLED_RIV
