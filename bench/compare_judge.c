/* compare_judge: intervals and verdicts of compare.h. */
#include <math.h>

#include "compare.h"

static guint least_runs(const struct compare_change *change)
{
    return MIN(change->values[PAIR_A]->len, change->values[PAIR_B]->len);
}

bool compare_has_enough_runs(const struct compare_change *change)
{
    return least_runs(change) >= (guint)(change->figure->is_price ? COMPARE_PRICE_RUNS : COMPARE_MEMORY_RUNS);
}

static char *why_no_interval(const struct compare_change *change)
{
    guint a = change->values[PAIR_A]->len, b = change->values[PAIR_B]->len;
    if (a == 1 && b == 1)
        return g_strdup("one run each: no interval");
    return g_strdup_printf("%u and %u runs: no interval below %d", a, b,
                           change->figure->is_price ? COMPARE_PRICE_RUNS : COMPARE_MEMORY_RUNS);
}

static enum compare_verdict side_of(struct bootstrap_interval interval, double same)
{
    return interval.low > same ? COMPARE_MORE : interval.high < same ? COMPARE_LESS : COMPARE_NONE;
}

bool compare_is_too_wide(struct bootstrap_interval ratio)
{
    return !(ratio.high <= ratio.low * COMPARE_WIDEST);
}

enum compare_verdict compare_judge_ratio(struct bootstrap_interval *ratio, const char **why)
{
    ratio->low /= COMPARE_LEAST_RATIO;
    ratio->high *= COMPARE_LEAST_RATIO;
    bool too_wide = compare_is_too_wide(*ratio);
    enum compare_verdict verdict = too_wide ? COMPARE_NONE : side_of(*ratio, 1);
    *why = too_wide ? "the interval is too wide" : verdict == COMPARE_NONE ? "the interval includes 1" : NULL;
    return verdict;
}

static void judge_price(struct compare_change *change, double confidence)
{
    change->from_runs = change->has_interval = compare_has_enough_runs(change);
    if (!change->has_interval) {
        change->why = why_no_interval(change);
        return;
    }
    change->ratio =
        bootstrap_interval_of(change->values[PAIR_A], change->values[PAIR_B], bootstrap_ratio, confidence);
    const char *why;
    change->verdict = compare_judge_ratio(&change->ratio, &why);
    change->too_wide = compare_is_too_wide(change->ratio);
    change->why = g_strdup(why);
}

static void judge_memory(struct compare_change *change, double confidence)
{
    const double *median = change->median;
    double larger = MAX(median[PAIR_A], median[PAIR_B]);
    double difference = median[PAIR_B] - median[PAIR_A];
    double margin = MAX(COMPARE_SPREAD_PART * larger, COMPARE_SPREAD_BYTES);
    struct bootstrap_interval interval = {difference, difference};
    change->from_runs = compare_has_enough_runs(change);
    change->has_interval = change->from_runs || !change->is_timed;
    if (!change->has_interval) {
        change->why = why_no_interval(change);
        return;
    }
    if (change->from_runs) {
        margin = MAX(COMPARE_LEAST_PART * larger, COMPARE_LEAST_BYTES);
        interval = bootstrap_interval_of(change->values[PAIR_A], change->values[PAIR_B], bootstrap_difference,
                                         confidence);
    }
    interval = (struct bootstrap_interval){interval.low - margin, interval.high + margin};
    change->difference = interval;
    change->ratio =
        (struct bootstrap_interval){bootstrap_ratio(median[PAIR_A], MAX(median[PAIR_A] + interval.low, 0)),
                                    bootstrap_ratio(median[PAIR_A], median[PAIR_A] + interval.high)};
    change->verdict = side_of(interval, 0);
    if (change->verdict == COMPARE_NONE)
        change->why = g_strdup(change->from_runs ? "the interval includes 0" : "within the known spread");
}

void compare_judge(struct compare_change *change, double confidence)
{
    if (change->figure->is_price)
        judge_price(change, confidence);
    else
        judge_memory(change, confidence);
}

/* As a factor; of memory with what does not count added to both sides, so that 0 bytes are nothing special. */
double compare_size(const struct compare_change *change)
{
    if (change->verdict == COMPARE_NONE)
        return 1;
    double least = change->figure->is_price ? 0 : COMPARE_SPREAD_BYTES;
    double a = change->median[PAIR_A] + least, b = change->median[PAIR_B] + least;
    return bootstrap_ratio(MIN(a, b), MAX(a, b));
}
