#include "summary_claim.h"

#include <math.h>
#include <string.h>

#include "claim.h"
#include "csv.h"
#include "error.h"
#include "units.h"

#define NAME_WIDTH 26 /* as in the table above it */
#define WIDTH 100

/* One claim in one cell; borrows both. Shares are of (peak - baseline); NAN: not known. */
struct verdict {
    const struct claim *claim;
    const struct summary_cell *cell;
    double live, at_once_rss, at_once_held, end_rss, end_held, end_heap_inuse;
    uint64_t at_once_ms, t50_ms, t90_ms, half_gone_ms;
    bool is_proven, is_asked;
    char *text;
};

struct verdicts {
    GPtrArray *claims; /* of struct claim * */
    GPtrArray *all;    /* of struct verdict *, claim by claim */
};

static void verdict_free(gpointer data)
{
    struct verdict *verdict = data;
    g_free(verdict->text);
    g_free(verdict);
}

static void verdicts_free(struct verdicts *verdicts)
{
    if (!verdicts)
        return;
    g_ptr_array_unref(verdicts->claims);
    g_ptr_array_unref(verdicts->all);
    g_free(verdicts);
}

/* Over the baseline. NAN: not known, or there was none. */
static double peak_bytes(const struct summary_cell *cell)
{
    uint64_t base = summary_median(cell, RECORD_baseline_rss_bytes);
    uint64_t peak = summary_median(cell, RECORD_peak_rss_bytes);
    return base == RECORD_UNKNOWN || peak == RECORD_UNKNOWN || peak <= base ? NAN : (double)(peak - base);
}

static double share_of_peak(const struct summary_cell *cell, enum record_number number)
{
    uint64_t bytes = summary_median(cell, number), base = summary_median(cell, RECORD_baseline_rss_bytes);
    return bytes == RECORD_UNKNOWN ? NAN : ((double)bytes - (double)base) / peak_bytes(cell);
}

static double heap_inuse_share(const struct summary_cell *cell)
{
    uint64_t bytes = summary_median(cell, RECORD_silent_heap_inuse_bytes);
    return bytes == RECORD_UNKNOWN ? NAN : (double)bytes / peak_bytes(cell);
}

/* By the process's own count. Where that says nothing lives, and its runtime has some of its heap in use, it is the map
 * itself, for whose buckets nobody asked; but only if a collection has been there since, else it is garbage: in use has to be
 * below the peak by what was freed. */
static double live_share(const struct summary_cell *cell)
{
    uint64_t live = summary_median(cell, RECORD_at_once_live_bytes);
    uint64_t all = summary_median(cell, RECORD_live_bytes);
    double heap_inuse = heap_inuse_share(cell);
    if (live == RECORD_UNKNOWN || all == RECORD_UNKNOWN || all == 0)
        return NAN;
    bool is_collected = (double)all / peak_bytes(cell) <= 1 - heap_inuse;
    return live == 0 && is_collected ? heap_inuse : (double)live / (double)all;
}

static struct verdict *judge(const struct claim *claim, const struct summary_cell *cell)
{
    struct verdict *verdict = g_new0(struct verdict, 1);
    *verdict = (struct verdict){.claim = claim,
                                .cell = cell,
                                .live = live_share(cell),
                                .at_once_rss = share_of_peak(cell, RECORD_at_once_rss_bytes),
                                .at_once_held = share_of_peak(cell, RECORD_at_once_held_bytes),
                                .end_rss = share_of_peak(cell, RECORD_silent_rss_bytes),
                                .end_held = share_of_peak(cell, RECORD_silent_held_bytes),
                                .end_heap_inuse = heap_inuse_share(cell),
                                .at_once_ms = summary_median(cell, RECORD_at_once_ms),
                                .t50_ms = summary_median(cell, RECORD_t50_ms),
                                .t90_ms = summary_median(cell, RECORD_t90_ms)};
    verdict->half_gone_ms = claim_half_gone_ms(verdict->t50_ms, verdict->at_once_ms);
    const struct claim_facts facts = {.at_once = verdict->at_once_rss,
                                      .end = verdict->end_rss,
                                      .live = isnan(verdict->live) ? 0 : verdict->live,
                                      .half_gone_ms = verdict->half_gone_ms,
                                      .window_ms = g_ascii_strtoull(cell->texts.window_ms, NULL, 10),
                                      .window_short = strcmp(cell->texts.window_short, "yes") == 0};
    verdict->is_proven = strcmp(cell->texts.status, "ok") == 0;
    verdict->is_asked = verdict->is_proven && claim_is_asked(&facts);
    verdict->text = verdict->is_proven ? claim_verdict(claim->says, &facts) : g_strdup(cell->texts.status);
    return verdict;
}

/* A timed pass has no windows. */
static bool is_judged(const struct summary_cell *cell)
{
    return strcmp(cell->texts.window_ms, "0") != 0;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct summary_cell *first = *(const struct summary_cell *const *)a;
    const struct summary_cell *second = *(const struct summary_cell *const *)b;
    return strcmp(first->texts.cell, second->texts.cell);
}

static struct verdicts *read_verdicts(const struct summary *summary, const char *run_folder, GError **error)
{
    g_autofree char *path = g_build_filename(run_folder, "plan.ini", NULL);
    GPtrArray *claims = claim_read_all(path, error);
    if (!claims)
        return NULL;
    struct verdicts *verdicts = g_new0(struct verdicts, 1);
    verdicts->claims = claims;
    verdicts->all = g_ptr_array_new_with_free_func(verdict_free);
    g_autoptr(GPtrArray) cells = g_ptr_array_copy(summary->cells, NULL, NULL);
    g_ptr_array_set_free_func(cells, NULL);
    g_ptr_array_sort(cells, by_name);
    for (guint i = 0; i < claims->len; i++)
        for (guint j = 0; j < cells->len; j++) {
            const struct summary_cell *cell = cells->pdata[j];
            if (is_judged(cell) && claim_is_of(claims->pdata[i], cell->texts.cell))
                g_ptr_array_add(verdicts->all, judge(claims->pdata[i], cell));
        }
    return verdicts;
}

/* --- writing --- */

static void add_share(GString *row, double share)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    csv_add_text(row, isnan(share) ? NULL : g_ascii_formatd(text, sizeof text, "%.4f", share));
}

static void add_verdict(GString *text, const struct verdict *verdict)
{
    g_autoptr(GString) row = g_string_new(NULL);
    csv_add_text(row, verdict->claim->name);
    csv_add_text(row, verdict->claim->text);
    csv_add_text(row, claim_says_name(verdict->claim->says));
    csv_add_text(row, verdict->cell->texts.cell);
    csv_add_text(row, verdict->cell->texts.walk);
    add_share(row, verdict->live);
    add_share(row, verdict->at_once_rss);
    add_share(row, verdict->at_once_held);
    add_share(row, verdict->end_rss);
    add_share(row, verdict->end_held);
    add_share(row, verdict->end_heap_inuse);
    record_add_number(row, verdict->at_once_ms);
    record_add_number(row, verdict->t50_ms);
    record_add_number(row, verdict->t90_ms);
    csv_add_text(row, verdict->cell->texts.window_ms);
    csv_add_text(row, verdict->text); /* the last, for it is never empty: plots/README.md */
    g_string_append_printf(text, "%s\n", row->str);
}

bool summary_claim_write(const struct summary *summary, const char *run_folder, GError **error)
{
    struct verdicts *verdicts = read_verdicts(summary, run_folder, error);
    if (!verdicts)
        return false;
    g_autoptr(GString) text = g_string_new(
        "claim,text,says,cell,walk,live_share,at_once_rss_share,at_once_held_share,"
        "end_rss_share,end_held_share,end_heap_inuse_share,at_once_ms,t50_ms,t90_ms,window_ms,verdict\n");
    for (guint i = 0; i < verdicts->all->len; i++)
        add_verdict(text, verdicts->all->pdata[i]);
    bool any = verdicts->all->len > 0;
    verdicts_free(verdicts);
    g_autofree char *path = g_build_filename(run_folder, "claims.csv", NULL);
    g_autoptr(GError) why = NULL;
    return !any || g_file_set_contents(path, text->str, (gssize)text->len, &why) ||
           error_refuse(error, EXIT_SYSTEM, "%s", why->message);
}

/* --- the printed part --- */

static void print_share(FILE *out, double share)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(share))
        fprintf(out, " %7s", "-");
    else
        fprintf(out, " %5s %%", g_ascii_formatd(number, sizeof number, "%.0f", 100 * share));
}

/* The names of a cell, the shortest first: its setting, which walk of it, all. */
static char *nth_name(const struct summary_cell *cell, guint n)
{
    const struct record *texts = &cell->texts;
    if (n == 0)
        return g_strdup_printf("%s/%s", texts->allocator, texts->setting);
    if (n == 1)
        return g_strdup_printf("%s/%s %s", texts->allocator, texts->setting, texts->walk);
    return g_strdup(texts->cell);
}

/* The shortest that no other cell of the claim has. */
static char *name_of(const struct verdicts *verdicts, const struct verdict *verdict)
{
    for (guint n = 0;; n++) {
        char *name = nth_name(verdict->cell, n);
        guint same = 0;
        for (guint i = 0; i < verdicts->all->len; i++) {
            const struct verdict *other = verdicts->all->pdata[i];
            g_autofree char *others = other->claim == verdict->claim ? nth_name(other->cell, n) : NULL;
            same += g_strcmp0(name, others) == 0;
        }
        if (same == 1 || n == 2)
            return name;
        g_free(name);
    }
}

static char *half_gone_text(uint64_t ms)
{
    return ms == RECORD_UNKNOWN ? g_strdup("-")
           : ms == 0            ? g_strdup("at once")
                                : units_format_duration_ms(ms);
}

static void print_verdict(FILE *out, const struct verdicts *verdicts, const struct verdict *verdict)
{
    g_autofree char *name = name_of(verdicts, verdict);
    bool fits = strlen(name) <= NAME_WIDTH - 2;
    g_autofree char *half_gone = half_gone_text(verdict->half_gone_ms);
    if (!fits)
        fprintf(out, "  %s\n", name);
    fprintf(out, "  %-*s", NAME_WIDTH - 2, fits ? name : "");
    print_share(out, verdict->at_once_rss);
    print_share(out, verdict->at_once_held);
    print_share(out, verdict->end_rss);
    print_share(out, verdict->end_held);
    fprintf(out, " %9s", half_gone);
    size_t before = NAME_WIDTH + 4 * 8 + 1 + MAX(strlen(half_gone), 9) + 2;
    if (before + strlen(verdict->text) <= WIDTH)
        fprintf(out, "  %s\n", verdict->text);
    else
        fprintf(out, "\n%*s %s\n", NAME_WIDTH, "", verdict->text);
}

/* "(keeps): holds in 1 of 3, not asked in 1, not proven in 1": only who was asked can deny it. NULL: it has no cells. */
static char *tally_of(const struct verdicts *verdicts, const struct claim *claim)
{
    guint cells = 0, hold = 0, asked = 0, not_asked = 0;
    for (guint i = 0; i < verdicts->all->len; i++) {
        const struct verdict *verdict = verdicts->all->pdata[i];
        if (verdict->claim != claim)
            continue;
        cells++;
        asked += verdict->is_asked;
        not_asked += verdict->is_proven && !verdict->is_asked;
        hold += strcmp(verdict->text, "holds") == 0;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "(%s):", claim_says_name(claim->says));
    if (asked > 0)
        g_string_append_printf(text, " holds in %u of %u", hold, asked);
    if (not_asked > 0)
        g_string_append_printf(text, "%s not asked in %u", asked > 0 ? "," : "", not_asked);
    if (cells > asked + not_asked)
        g_string_append_printf(text, "%s not proven in %u", asked + not_asked > 0 ? "," : "",
                               cells - asked - not_asked);
    return cells > 0 ? g_strdup(text->str) : NULL;
}

static void print_claim(FILE *out, const struct verdicts *verdicts, const struct claim *claim)
{
    g_autofree char *tally = tally_of(verdicts, claim);
    if (!tally) {
        fprintf(out, "%s: none of its cells was run\n", claim->text);
        return;
    }
    bool fits = g_utf8_strlen(claim->text, -1) + (glong)strlen(tally) < WIDTH;
    fprintf(out, "%s%s%s\n", claim->text, fits ? " " : "\n  ", tally);
    for (guint i = 0; i < verdicts->all->len; i++) {
        const struct verdict *verdict = verdicts->all->pdata[i];
        if (verdict->claim == claim)
            print_verdict(out, verdicts, verdict);
    }
}

void summary_claim_print(const struct summary *summary, const char *run_folder, FILE *out)
{
    struct verdicts *verdicts = read_verdicts(summary, run_folder, NULL);
    if (verdicts && verdicts->all->len > 0) {
        fputs("\nWhat the plan claims. RSS, and held, over the baseline as shares of the peak: at once, "
              "behind the\n"
              "drop and what was done about it; at the end of the silence. half gone: from RSS, since at "
              "once\n",
              out);
        fprintf(out, "%-*s %7s %7s %7s %7s %9s\n", NAME_WIDTH, "", "at once", "held", "end", "held",
                "half gone");
        for (guint i = 0; i < verdicts->claims->len; i++)
            print_claim(out, verdicts, verdicts->claims->pdata[i]);
    }
    verdicts_free(verdicts);
}
