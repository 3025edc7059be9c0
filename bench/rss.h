/* rss.h: the memory of another process, read from /proc/PID. All figures in bytes.
 *
 *   statm         field 2 × page size: the cheap reading, taken on a timer (1 µs). A zombie reads all zeroes:
 *                 that is a process gone, not memory given back
 *   smaps_rollup  Rss, Anonymous, LazyFree, AnonHugePages: walks the page tables under the target's mmap
 *                 lock (30 ms at 2.5 GB), so only while the target is parked at a mark, and in silence
 *   status        VmHWM: the peak since the last reset; may read up to 256 kB low on a peak gone again
 *   clear_refs    writing 5 resets VmHWM, so that every phase has its own peak
 *   schedstat     ns on a CPU, ns waiting for one (zeroes where the kernel keeps none, false where it has no
 *                 such file)
 *   maps          which libraries are mapped
 *
 * The parsers work on canned text and return false when a field is missing. The readers return false when
 * the process is gone (ESRCH) or the file cannot be read; nothing is printed. */
#ifndef AFTERFREE_RSS_H
#define AFTERFREE_RSS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rss_rollup {
    uint64_t rss_bytes, anonymous_bytes, lazy_bytes, anon_huge_bytes;
};

struct rss_sched {
    uint64_t running_ns, waiting_ns;
};

bool rss_parse_statm(const char *text, uint64_t page_bytes, uint64_t *rss_bytes);
bool rss_parse_rollup(const char *text, struct rss_rollup *rollup);
bool rss_parse_peak(const char *status_text, uint64_t *peak_bytes);
bool rss_parse_sched(const char *text, struct rss_sched *sched);
/* Is `object` mapped? A soname matches by base name, in any folder, and may stand for a longer version
 * (libfoo.so.2 matches /usr/lib/libfoo.so.2.0, not libfoo.so.20); a path must match its folder, too, so that
 * the installed library does not prove the one just built. A name ending in " (deleted)" counts. */
bool rss_parse_maps_has(const char *maps_text, const char *object);

struct rss; /* one process's open descriptors */

struct rss *rss_open(pid_t pid, GError **error);
void rss_close(struct rss *rss);                                  /* NULL is fine */
bool rss_read_now(struct rss *rss, uint64_t *rss_bytes);          /* statm */
bool rss_read_rollup(struct rss *rss, struct rss_rollup *rollup); /* smaps_rollup */
bool rss_read_peak(struct rss *rss, uint64_t *peak_bytes);        /* VmHWM */
bool rss_reset_peak(struct rss *rss);                             /* clear_refs 5 */
bool rss_read_sched(struct rss *rss, struct rss_sched *sched);    /* schedstat */
bool rss_maps_has(pid_t pid, const char *object);                 /* maps; links in `object` are followed */

#endif
