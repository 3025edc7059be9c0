/* folders.h: small run folders with known figures, as the program would have written them. */
#ifndef AFTERFREE_TEST_FOLDERS_H
#define AFTERFREE_TEST_FOLDERS_H

#include <glib.h>

#include "pair.h"
#include "support.h"

#define FOLDERS_MACHINE                                                                                      \
    "[machine]\nkernel=6.1\ncpu=A CPU\ncores=2\nmemory_bytes=1000000000\nswap_bytes=0\npage_bytes=4096\n"    \
    "thp_enabled=madvise\nthp_defrag=madvise\novercommit_memory=0\ncgroup_limit_bytes=\npage_reporting=no\n" \
    "afterfree_version=0.1.0\nhost=one\nload_1min=0.5\n"                                                     \
    "[allocator base]\nversion=1\npackage_version=1-1\nlibrary=/lib/base.so\n"                               \
    "[allocator other]\nversion=5\npackage_version=5-1\nlibrary=/lib/other.so\n"                             \
    "[run]\nfixed_addresses=yes\ninterrupted=no\n"
#define FOLDERS_PLAN "[plan]\nsummary=x\nbaseline=base/default\nsilent=1 s\nticking=1 s\n"

#define FOLDERS_MB 1000000.0
#define FOLDERS_BASELINE_BYTES 1000000.0

/* One row; bytes are over the baseline, ns are CPU time of all that `price` adds up. */
struct folders_row {
    const char *cell; /* ALLOCATOR/SETTING/WORKLOAD/SHAPE */
    guint repeat;
    double silent_bytes, price_ns;
    const char *policy, *status, *reason, *records, *env, *version; /* NULL: default, ok, "", 10, "", 1 */
    const char *thp;                                                /* NULL: madvise */
};

/* A table under construction, g_string_free it. */
static inline GString *folders_rows(void)
{
    return g_string_new("cell,allocator,setting,policy,env,workload,shape,repeat,records,order,window_ms,"
                        "version,thp,status,reason,baseline_rss_bytes,peak_rss_bytes,drop_held_bytes,"
                        "silent_held_bytes,purge_held_bytes,build_user_ns,build_sys_ns,drop_user_ns,"
                        "drop_sys_ns,rebuild_user_ns,rebuild_sys_ns\n");
}

/* The peak is 200 MB, and all of it is there at once; purged are 2 MB. A quarter of the price is user time of
 * build, of drop and of rebuild each, and an eighth system time of build and of rebuild. */
static inline void folders_add(GString *rows, const struct folders_row *row)
{
    g_auto(GStrv) parts = g_strsplit(row->cell, "/", 4);
    const double base = FOLDERS_BASELINE_BYTES;
    g_string_append_printf(rows, "%s,%s,%s,%s,%s,%s,%s,%u,%s,hash,1000,%s,%s,%s,%s,", row->cell, parts[0],
                           parts[1], row->policy ? row->policy : "default", row->env ? row->env : "",
                           parts[2], parts[3], row->repeat, row->records ? row->records : "10",
                           row->version ? row->version : "1", row->thp ? row->thp : "madvise",
                           row->status ? row->status : "ok", row->reason ? row->reason : "");
    g_string_append_printf(rows, "%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,0,%.0f,%.0f\n", base,
                           base + 200 * FOLDERS_MB, base + 200 * FOLDERS_MB, base + row->silent_bytes,
                           base + 2 * FOLDERS_MB, row->price_ns / 4, row->price_ns / 8, row->price_ns / 4,
                           row->price_ns / 4, row->price_ns / 8);
}

/* Writes FOLDER/NAME with these rows (freed) and returns its path; the caller frees. NULL: the texts above. */
static inline char *folders_write_as(const char *folder, const char *name, GString *rows, const char *machine,
                                     const char *plan)
{
    g_autofree char *run = g_build_filename(folder, name, NULL);
    support_write(run, "runs.csv", rows->str);
    support_write(run, "machine.ini", machine ? machine : FOLDERS_MACHINE);
    support_write(run, "plan.ini", plan ? plan : FOLDERS_PLAN);
    g_string_free(rows, TRUE);
    return g_steal_pointer(&run);
}

static inline char *folders_write(const char *folder, const char *name, GString *rows)
{
    return folders_write_as(folder, name, rows, NULL, NULL);
}

/* FOLDERS_MACHINE with one value changed; the caller frees. */
static inline char *folders_machine(const char *from, const char *to)
{
    GString *text = g_string_new(FOLDERS_MACHINE);
    if (g_string_replace(text, from, to, 1) != 1)
        fail_msg("%s is not in machine.ini", from);
    return g_string_free(text, FALSE);
}

/* `count` runs of a cell. Runs of a cell are never alike: they lie `spread` around the value, fixed and in no
 * order. */
static inline double folders_scatter(guint repeat, double spread)
{
    static const double at[] = {0.1, -0.7, 1.0, -0.2, 0.5, -1.0, 0.3, -0.4, 0.8, -0.1};
    return 1 + spread * at[repeat % G_N_ELEMENTS(at)];
}

static inline void folders_add_runs(GString *rows, guint count, const char *cell, double silent_bytes,
                                    double price_ns, double spread)
{
    for (guint repeat = 1; repeat <= count; repeat++)
        folders_add(rows, &(struct folders_row){.cell = cell,
                                                .repeat = repeat,
                                                .silent_bytes = silent_bytes,
                                                .price_ns = price_ns * folders_scatter(repeat, spread)});
}

static inline struct pair *folders_pair(const char *a, const char *b)
{
    g_autoptr(GError) error = NULL;
    struct pair *pair = pair_read(a, b, &error);
    if (!pair)
        fail_msg("%s", error->message);
    return pair;
}

#endif
