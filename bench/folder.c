#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allowance.h"
#include "csv.h"
#include "error.h"
#include "samples.h"

struct folder {
    char *path, *runs_path, *marks_path, *latency_path;
    int lock_fd, runs_fd, marks_fd;
    int latency_fd; /* -1: no operation was timed yet, and there is no such file */
};

static const char runs_header[] =
#define X(name) #name ","
    RECORD_TEXTS(X) RECORD_NUMBERS(X)
#undef X
    ;

static const char marks_header[] = "cell,repeat,phase,"
#define X(name) #name ","
    PROTOCOL_MARK_FIELDS(X)
#undef X
        "rss_bytes,rss_after_bytes,rollup_rss_bytes,lazy_bytes,anon_huge_bytes,"
#define X(name) #name ","
    PROTOCOL_HEAP_FIELDS(X)
#undef X
        "peak_bytes,running_ns,cpu_wait_ns,settle_ns,cgroup_usage_bytes,"
        "cgroup_working_bytes"
#define X(name) "," #name "_calls"
    SYSCALLS(X)
#undef X
    ;

static const char latency_header[] =
    "cell,repeat,phase,count,p50_ns,p99_ns,p999_ns,p9999_ns,max_ns,max_at_ns,clock";

static bool system_error(GError **error, const char *path)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "%s: %s%s", path, g_strerror(errno),
                allowance_advice(errno));
    return false;
}

static bool is_empty(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    return !dir || !g_dir_read_name(dir);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The lock goes with its descriptor, so it never outlives us; but behind a SIGKILL of ours a process between
 * fork and exec may hold a copy for an instant more. A file system without locks has none. */
static bool lock(struct folder *folder, GError **error)
{
    const int tries = 40;
    folder->lock_fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->lock_fd < 0)
        return system_error(error, folder->path);
    for (int i = 0; flock(folder->lock_fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return true;
        if (i == tries) {
            g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE,
                        "%s: another afterfree is writing into this folder; wait for its end, or name "
                        "another folder with --out",
                        folder->path);
            return false;
        }
        g_usleep(25000);
    }
    return true;
}

static bool open_latency(struct folder *folder, GError **error)
{
    if (folder->latency_fd < 0)
        folder->latency_fd = csv_open_append(folder->latency_path, latency_header, error);
    return folder->latency_fd >= 0;
}

bool folder_reopen(struct folder *folder, GError **error)
{
    /* The X macros leave a comma behind the last name. */
    g_autofree char *header = g_strndup(runs_header, strlen(runs_header) - 1);
    close_fd(&folder->runs_fd);
    close_fd(&folder->marks_fd);
    folder->runs_fd = csv_open_append(folder->runs_path, header, error);
    if (folder->runs_fd < 0)
        return false;
    folder->marks_fd = csv_open_append(folder->marks_path, marks_header, error);
    close_fd(&folder->latency_fd);
    return folder->marks_fd >= 0 &&
           (!g_file_test(folder->latency_path, G_FILE_TEST_EXISTS) || open_latency(folder, error));
}

static bool create(struct folder *folder, GError **error)
{
    g_autofree char *samples = g_build_filename(folder->path, "samples", NULL);
    if (g_mkdir_with_parents(folder->path, 0777) != 0)
        return system_error(error, folder->path);
    if (!lock(folder, error))
        return false;
    if (!is_empty(folder->path)) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE,
                    "%s is not empty: a run gets a folder of its own; name another with --out (or go on with "
                    "the run that was begun there: --resume %s)",
                    folder->path, folder->path);
        return false;
    }
    if (g_mkdir_with_parents(samples, 0777) != 0)
        return system_error(error, samples);
    return folder_reopen(folder, error);
}

static struct folder *new_folder(const char *path)
{
    struct folder *folder = g_new0(struct folder, 1);
    folder->path = g_strdup(path);
    folder->runs_path = g_build_filename(path, "runs.csv", NULL);
    folder->marks_path = g_build_filename(path, "marks.csv", NULL);
    folder->latency_path = g_build_filename(path, "latency.csv", NULL);
    folder->lock_fd = folder->runs_fd = folder->marks_fd = folder->latency_fd = -1;
    return folder;
}

struct folder *folder_create(const char *path, GError **error)
{
    struct folder *folder = new_folder(path);
    if (create(folder, error))
        return folder;
    folder_close(folder);
    return NULL;
}

struct folder *folder_open(const char *path, GError **error)
{
    struct folder *folder = new_folder(path);
    if (lock(folder, error) && folder_reopen(folder, error))
        return folder;
    folder_close(folder);
    return NULL;
}

void folder_close(struct folder *folder)
{
    if (!folder)
        return;
    close_fd(&folder->runs_fd);
    close_fd(&folder->marks_fd);
    close_fd(&folder->latency_fd);
    close_fd(&folder->lock_fd);
    g_free(folder->path);
    g_free(folder->runs_path);
    g_free(folder->marks_path);
    g_free(folder->latency_path);
    g_free(folder);
}

const char *folder_path(const struct folder *folder)
{
    return folder->path;
}

char *folder_default_path(const char *results)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    for (guint nth = 1;; nth++) { /* a second run within the second gets a -2 */
        g_autofree char *suffix = nth > 1 ? g_strdup_printf("-%u", nth) : g_strdup("");
        g_autofree char *name = g_strdup_printf("%s-%s%s", stamp, g_get_host_name(), suffix);
        g_strdelimit(name, "/", '_');
        g_autofree char *path = g_build_filename(results, name, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&path);
    }
}

bool folder_set_latest(const char *results, const char *path, GError **error)
{
    g_autofree char *link = g_build_filename(results, "latest", NULL);
    g_autofree char *target = g_path_get_basename(path);
    if (unlink(link) != 0 && errno != ENOENT)
        return system_error(error, link);
    return symlink(target, link) == 0 || system_error(error, link);
}

bool folder_write_ini(const struct folder *folder, const char *name, GKeyFile *file, GError **error)
{
    g_autofree char *path = g_build_filename(folder->path, name, NULL);
    g_autoptr(GError) why = NULL;
    if (g_key_file_save_to_file(file, path, &why))
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "%s: %s", path, why->message);
    return false;
}

char *folder_samples_name(const char *cell, const char *repeat)
{
    g_autofree char *name = g_strdup_printf("%s-%s.csv", cell, repeat);
    g_strdelimit(name, "/", '+'); /* in no name, so that no two cells share a file */
    return g_build_filename("samples", name, NULL);
}

/* --- rows --- */

static bool write_samples(struct folder *folder, struct record *record, const GArray *marks,
                          const GArray *samples, GError **error)
{
    g_autoptr(GString) text = samples_text(marks, &record->unfinished, samples, record->limit_bytes != NULL);
    g_autofree char *name = folder_samples_name(record->cell, record->repeat);
    g_autofree char *path = g_build_filename(folder->path, name, NULL);
    g_autoptr(GError) why = NULL;
    if (!g_file_set_contents(path, text->str, (gssize)text->len, &why)) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "%s", why->message);
        return false;
    }
    record->samples_file = g_steal_pointer(&name);
    return true;
}

static bool write_marks(struct folder *folder, const struct record *record, const GArray *marks,
                        GError **error)
{
    g_autoptr(GString) rows = g_string_new(NULL), row = g_string_new(NULL);
    for (guint i = 0; i < marks->len; i++) {
        const struct record_mark *mark = &g_array_index(marks, struct record_mark, i);
        g_string_truncate(row, 0);
        csv_add_text(row, record->cell);
        csv_add_text(row, record->repeat);
        csv_add_text(row, mark->mark.phase);
#define X(name) csv_add_u64(row, mark->mark.name);
        PROTOCOL_MARK_FIELDS(X)
#undef X
        csv_add_u64(row, mark->rss_bytes);
        csv_add_u64(row, mark->rss_after_bytes);
        csv_add_u64(row, mark->rollup_rss_bytes);
        csv_add_u64(row, mark->lazy_bytes);
        csv_add_u64(row, mark->anon_huge_bytes);
#define X(name) record_add_number(row, mark->mark.name);
        PROTOCOL_HEAP_FIELDS(X)
#undef X
        csv_add_u64(row, mark->peak_bytes);
        record_add_number(row, mark->running_ns);
        record_add_number(row, mark->cpu_wait_ns);
        csv_add_u64(row, mark->settle_ns);
        record_add_number(row, mark->cgroup.usage_bytes);
        record_add_number(row, mark->cgroup.working_bytes);
        for (int call = 0; call < SYSCALLS_COUNT; call++)
            record_add_number(row, mark->calls[call]);
        g_string_append_printf(rows, "%s%s", i > 0 ? "\n" : "", row->str);
    }
    return rows->len == 0 || csv_write_row(folder->marks_fd, rows, folder->marks_path, error);
}

static void add_latency(GString *rows, const struct record *record, const struct latency *latency)
{
    g_autoptr(GString) row = g_string_new(NULL);
    csv_add_text(row, record->cell);
    csv_add_text(row, record->repeat);
    csv_add_text(row, latency->phase);
    record_add_number(row, latency->count);
    record_add_number(row, latency->p50_ns);
    record_add_number(row, latency->p99_ns);
    record_add_number(row, latency->p999_ns);
    record_add_number(row, latency->p9999_ns);
    record_add_number(row, latency->max_ns);
    record_add_number(row, latency->max_at_ns);
    csv_add_text(row, latency->clock);
    g_string_append_printf(rows, "%s%s", rows->len > 0 ? "\n" : "", row->str);
}

static bool write_latency(struct folder *folder, const struct record *record, const GArray *marks,
                          GError **error)
{
    g_autoptr(GString) rows = g_string_new(NULL);
    for (guint i = 0; i < marks->len; i++) {
        const struct record_mark *mark = &g_array_index(marks, struct record_mark, i);
        if (*mark->latency.phase)
            add_latency(rows, record, &mark->latency);
    }
    return rows->len == 0 || (open_latency(folder, error) &&
                              csv_write_row(folder->latency_fd, rows, folder->latency_path, error));
}

static bool write_row(struct folder *folder, const struct record *record, GError **error)
{
    g_autoptr(GString) row = g_string_new(NULL);
#define X(name) csv_add_text(row, record->name);
    RECORD_TEXTS(X)
#undef X
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        record_add_number(row, record->numbers[i]);
    return csv_write_row(folder->runs_fd, row, folder->runs_path, error);
}

/* A folder that was removed or moved away while we hold its tables open takes rows, and they are lost. */
static bool still_there(const struct folder *folder, GError **error)
{
    struct stat open, named;
    if (fstat(folder->runs_fd, &open) == 0 && stat(folder->runs_path, &named) == 0 &&
        open.st_ino == named.st_ino && open.st_dev == named.st_dev)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM,
                "%s is not the file any more that this run began: the folder was removed or moved while it "
                "was written; leave it where it is until the run has ended",
                folder->runs_path);
    return false;
}

/* Samples and marks without a row are nobody's. */
static void take_back(const struct folder *folder, struct record *record, off_t marks_end, off_t latency_end)
{
    if ((marks_end >= 0 && ftruncate(folder->marks_fd, marks_end) != 0) ||
        (folder->latency_fd >= 0 && ftruncate(folder->latency_fd, latency_end) != 0))
        return; /* --resume sorts them out */
    if (!record->samples_file)
        return;
    g_autofree char *path = g_build_filename(folder->path, record->samples_file, NULL);
    unlink(path);
    g_clear_pointer(&record->samples_file, g_free);
}

bool folder_add(struct folder *folder, struct record *record, const GArray *marks, const GArray *samples,
                GError **error)
{
    off_t marks_end = lseek(folder->marks_fd, 0, SEEK_END);
    off_t latency_end =
        folder->latency_fd < 0 ? (off_t)sizeof latency_header : lseek(folder->latency_fd, 0, SEEK_END);
    if (!still_there(folder, error))
        return false;
    if ((!samples || !marks || write_samples(folder, record, marks, samples, error)) &&
        (!marks ||
         (write_marks(folder, record, marks, error) && write_latency(folder, record, marks, error))) &&
        write_row(folder, record, error))
        return true;
    take_back(folder, record, marks_end, latency_end);
    return false;
}
