/* conditions_judge: the bounds of conditions.h. */
#include <string.h>

#include "conditions.h"
#include "units.h"

struct around { /* a run */
    const struct conditions_reading *before, *after;
};

G_GNUC_PRINTF(4, 5)
static void holds(struct conditions_verdict *verdict, enum condition condition, double size,
                  const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    verdict->of[condition].holds = true;
    verdict->of[condition].size = size;
    g_vsnprintf(verdict->of[condition].text, sizeof verdict->of[condition].text, format, rest);
    va_end(rest);
}

static void holds_bytes(struct conditions_verdict *verdict, enum condition condition, uint64_t bytes,
                        const char *what)
{
    g_autofree char *text = units_format_bytes(bytes);
    holds(verdict, condition, (double)bytes, "%s%s", text, what);
}

/* 0 where the kernel does not tell: what is not known is no condition. */
static uint64_t grown(uint64_t before, uint64_t after)
{
    bool known = before != RECORD_UNKNOWN && after != RECORD_UNKNOWN;
    return known && after > before ? after - before : 0;
}
#define GROWN(run, field) grown((run)->before->field, (run)->after->field)

/* --- what stands --- */

static void judge_modes(struct conditions_verdict *verdict, const struct conditions_reading *now,
                        enum thp_mode asked)
{
    if (now->thp == THP_ALWAYS && asked == THP_AS_IS)
        holds(verdict, CONDITION_THP_ALWAYS, 1, "THP mode %s", thp_name(now->thp));
    if (now->overcommit == 2)
        holds(verdict, CONDITION_OVERCOMMIT, 1, "vm.overcommit_memory 2");
    if (now->swap_bytes != RECORD_UNKNOWN && now->swap_bytes > 0)
        holds_bytes(verdict, CONDITION_SWAP_ON, now->swap_bytes, "");
    if (*now->governor && strcmp(now->governor, "performance") != 0)
        holds(verdict, CONDITION_GOVERNOR, 1, "%s", now->governor);
}

static void judge_memory(struct conditions_verdict *verdict, const struct conditions_reading *now)
{
    if (now->memory_bytes == RECORD_UNKNOWN)
        return;
    if (now->limit_bytes < now->memory_bytes) /* RECORD_UNKNOWN is above everything */
        holds_bytes(verdict, CONDITION_LIMIT, now->limit_bytes, "");
    uint64_t used = now->memory_bytes - MIN(now->available_bytes, now->memory_bytes);
    uint64_t others = used - MIN(now->own_rss_bytes, used);
    if ((double)others > CONDITIONS_OTHERS_MEMORY_SHARE * (double)now->memory_bytes)
        holds_bytes(verdict, CONDITION_MEMORY, others, " held by others");
}

/* --- what arises --- */

static uint64_t others_cpu_ns(const struct around *run)
{
    uint64_t busy = GROWN(run, busy_cpu_ns), own = GROWN(run, own_cpu_ns);
    return busy - MIN(own, busy);
}

static void judge_cpu(struct conditions_verdict *verdict, const struct around *run)
{
    uint64_t others = others_cpu_ns(run), total = GROWN(run, total_cpu_ns), steal = GROWN(run, steal_ns);
    double load_share = total > 0 ? (double)others / (double)total : 0;
    uint64_t asked_for = GROWN(run, busy_cpu_ns) + steal;
    double steal_share = asked_for > 0 ? (double)steal / (double)asked_for : 0;
    if (load_share > CONDITIONS_LOAD_SHARE && others > CONDITIONS_LOAD_FLOOR_NS)
        holds(verdict, CONDITION_LOAD, load_share, "%.0f %% of the machine's CPU time", 100 * load_share);
    if (steal_share > CONDITIONS_STEAL_SHARE && steal > CONDITIONS_STEAL_FLOOR_NS)
        holds(verdict, CONDITION_STEAL, steal_share, "%.0f %% of the CPU time asked for", 100 * steal_share);
}

static void judge_paging(struct conditions_verdict *verdict, const struct around *run,
                         const struct record *record, enum thp_mode asked)
{
    uint64_t swapped = GROWN(run, swap_in_bytes) + GROWN(run, swap_out_bytes);
    uint64_t rise = record->numbers[RECORD_silent_huge_rise_bytes];
    uint64_t fault_ns = record->numbers[RECORD_build_sys_ns_per_fault];
    if (swapped > 0)
        holds_bytes(verdict, CONDITION_SWAPPED, swapped, " in and out");
    if (rise != RECORD_UNKNOWN && rise > 0)
        holds_bytes(verdict, CONDITION_KHUGEPAGED, rise, " more in huge pages");
    if (fault_ns != RECORD_UNKNOWN && fault_ns > CONDITIONS_FAULT_NS)
        holds(verdict, CONDITION_SLOW_FAULTS, (double)fault_ns, "%" G_GUINT64_FORMAT " ns a fault", fault_ns);
    if (run->before->thp != run->after->thp && asked != THP_NEVER)
        holds(verdict, CONDITION_THP_CHANGED, 1, "from %s to %s", thp_name(run->before->thp),
              thp_name(run->after->thp));
}

void conditions_judge(struct conditions_verdict *verdict, const struct conditions_reading *before,
                      const struct conditions_reading *after, const struct record *record,
                      enum thp_mode asked)
{
    const struct around run = {.before = before, .after = after};
    *verdict = (struct conditions_verdict){.of[0].holds = false};
    judge_modes(verdict, before, asked);
    judge_memory(verdict, before);
    judge_cpu(verdict, &run);
    if (record)
        judge_paging(verdict, &run, record, asked);
}

/* --- the row's columns --- */

static uint64_t difference(uint64_t before, uint64_t after)
{
    return before == RECORD_UNKNOWN || after == RECORD_UNKNOWN ? RECORD_UNKNOWN : grown(before, after);
}
#define DIFFERENCE(run, field) difference((run)->before->field, (run)->after->field)

void conditions_measure(struct record *record, const struct conditions_reading *before,
                        const struct conditions_reading *after, enum thp_mode asked)
{
    const struct around both = {.before = before, .after = after}, *run = &both;
    uint64_t *numbers = record->numbers;
    numbers[RECORD_elapsed_ms] = DIFFERENCE(run, at_ns) / 1000000;
    numbers[RECORD_others_cpu_ns] =
        before->busy_cpu_ns == RECORD_UNKNOWN ? RECORD_UNKNOWN : others_cpu_ns(run);
    numbers[RECORD_steal_ns] = DIFFERENCE(run, steal_ns);
    numbers[RECORD_swap_in_bytes] = DIFFERENCE(run, swap_in_bytes);
    numbers[RECORD_swap_out_bytes] = DIFFERENCE(run, swap_out_bytes);
    numbers[RECORD_khugepaged_collapsed] = DIFFERENCE(run, khugepaged_collapsed);
    numbers[RECORD_reported_bytes] = DIFFERENCE(run, reported_bytes);
    numbers[RECORD_available_bytes] = before->available_bytes;
    g_free(record->thp);
    record->thp = g_strdup(thp_name(asked == THP_NEVER ? THP_NEVER : before->thp));
}
