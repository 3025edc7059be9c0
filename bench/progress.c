#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "units.h"

void progress_start(struct progress *progress, guint total, uint64_t expected_ms, uint64_t window_ms,
                    uint64_t now_ns)
{
    const char *term = g_getenv("TERM");
    *progress = (struct progress){.terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
                                  .total = total,
                                  .start_ns = now_ns,
                                  .expected_ms_total = expected_ms,
                                  .window_ms = window_ms};
}

/* A longer line would wrap, and the next one not cover it. */
static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

static char *time_left(const struct progress *progress, uint64_t now_ns)
{
    double elapsed = (double)(now_ns - progress->start_ns) / 1e6;
    double left = (double)(progress->expected_ms_total - progress->expected_ms_done);
    if (progress->done - progress->set_aside >= 3 &&
        elapsed > (double)progress->window_ms) /* scaled by what it took so far */
        left *= (elapsed - (double)progress->window_ms) / (double)MAX(progress->expected_ms_done, 1);
    return units_format_duration_ms((uint64_t)left + progress->window_ms);
}

void progress_show(struct progress *progress, const char *busy_cell, const char *phase, guint waiting,
                   uint64_t now_ns)
{
    if (!progress->terminal || now_ns - progress->shown_ns < 250000000u)
        return;
    progress->shown_ns = now_ns;
    g_autofree char *left = time_left(progress, now_ns);
    g_autofree char *elapsed = units_format_duration_ms((now_ns - progress->start_ns) / 1000000);
    g_autofree char *line = g_strdup_printf("[%u/%u] %s elapsed, about %s left; %u waiting; %s %s",
                                            progress->done, progress->total, elapsed, left, waiting,
                                            phase ? phase : "", busy_cell ? busy_cell : "");
    fprintf(stderr, "\r\033[K%.*s", terminal_columns() - 1, line);
    fflush(stderr);
}

/* Over the baseline, as in the table. */
static char *over_baseline(const struct record *record, enum record_number number)
{
    uint64_t bytes = record->numbers[number], base = record->numbers[RECORD_baseline_rss_bytes];
    return bytes == RECORD_UNKNOWN ? NULL : units_format_bytes(bytes - MIN(base, bytes));
}

static void say_ok(const struct record *record)
{
    g_autofree char *peak = over_baseline(record, RECORD_peak_rss_bytes);
    g_autofree char *silent = over_baseline(record, RECORD_silent_held_bytes);
    fprintf(stderr, "ok       %s: over the baseline peak %s%s%s\n", record->cell, peak ? peak : "-",
            silent ? ", held after silence " : "", silent ? silent : "");
}

void progress_finished(struct progress *progress, const struct record *record, uint64_t expected_ms,
                       uint64_t now_ns)
{
    (void)now_ns;
    progress->done++;
    progress->expected_ms_done += expected_ms;
    bool ok = strcmp(record->status, "ok") == 0;
    if (progress->terminal && ok)
        return;
    fprintf(stderr, "%s[%u/%u] ", progress->terminal ? "\r\033[K" : "", progress->done, progress->total);
    if (ok)
        say_ok(record);
    else
        fprintf(stderr, "%-8s %s: %s\n", record->status, record->cell, record->reason);
}

void progress_end(struct progress *progress)
{
    if (progress->terminal)
        fputs("\r\033[K", stderr);
}
