/* budget.h: what a comparison may show at most, for CI. An INI file:
 *
 *   [budget NAME]
 *   cells = GLOB [GLOB…]       needed; on whole names of cells, * crosses /
 *   MEMORY_bytes = 64M         B holds at most so much over its baseline, whatever A held
 *   MEMORY_more_bytes = 1M     B holds at most so much more than A
 *   MEMORY_ratio = 1.05        … so many times A's
 *   PRICE_ratio = 1.10         B costs at most so many times A's
 *
 * MEMORY: peak at_once silent ticking purged; PRICE: price build_cpu drop_cpu rebuild_cpu redrop_cpu purge_cpu.
 * Several groups may match a cell: all count. Strict: an unknown group or key, a bad value, a group without a
 * limit, and one whose globs match no cell proven in A are errors (EXIT_BAD_DATA; file, line, group, key).
 * bench/budgets/README.md describes every key. */
#ifndef AFTERFREE_BUDGET_H
#define AFTERFREE_BUDGET_H

#include <glib.h>
#include <stdbool.h>

#include "compare.h"

enum budget_kind { BUDGET_BYTES, BUDGET_MORE_BYTES, BUDGET_RATIO };

struct budget_limit {
    char *group, *key;
    char **cells; /* globs */
    const struct compare_figure *figure;
    enum budget_kind kind;
    char *text;   /* as it stands in the file */
    double value; /* bytes, or the ratio */
};

/* Over is what is shown to be over: for a difference, its whole interval is. A median within the limit that
 * has an interval is within; all else cannot be judged. MEMORY_bytes is judged by B's median alone. */
enum budget_verdict { BUDGET_WITHIN, BUDGET_OVER, BUDGET_NOT_JUDGED };

struct budget_judgement {
    const struct budget_limit *limit;
    const struct compare_change *change; /* NULL: the figure was not measured in both runs */
    enum budget_verdict verdict;
};

struct budget {
    struct ini *ini;
    GPtrArray *limits; /* of struct budget_limit * */
    guint judged[3];   /* how many of each verdict, after budget_judge */
};

struct budget *budget_read(const char *path, GError **error); /* NULL with error */
void budget_free(struct budget *budget);
typedef struct budget budget_file; /* g_autoptr(budget_file) */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(budget_file, budget_free)

/* Puts a judgement into each cell for each limit that is for it; `budget` must outlive them. False with error
 * when a group matches no cell. */
bool budget_judge(struct budget *budget, struct comparison *comparison, GError **error);

/* In how many cells the limit has this verdict. */
guint budget_count(const struct comparison *comparison, const struct budget_limit *limit,
                   enum budget_verdict verdict);

const char *budget_verdict_name(enum budget_verdict verdict); /* "within", "over", "not judged" */

#endif
