/* folder.h: a run folder: never over another, rows whole, samples in the process's own time. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "csv.h"
#include "folder.h"
#include "samples.h"
#include "support.h"

#define MS UINT64_C(1000000)
#define UNKNOWN RECORD_UNKNOWN

static struct folder *create(const char *parent, char **path)
{
    g_autoptr(GError) error = NULL;
    *path = g_build_filename(parent, "results", "run", NULL);
    struct folder *folder = folder_create(*path, &error);
    if (!folder)
        fail_msg("%s", error->message);
    return folder;
}

static void set_record(struct record *record, const char *cell, const char *status)
{
    *record = (struct record){.cell = g_strdup(cell),
                              .repeat = g_strdup("1"),
                              .status = g_strdup(status),
                              .reason = g_strdup("said \"no, never\"\nand left")};
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        record->numbers[i] = RECORD_UNKNOWN;
}

static struct csv *read_table(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    struct csv *csv = csv_read(path, &error);
    if (!csv)
        fail_msg("%s", error->message);
    return csv;
}

static void a_run_never_goes_into_a_folder_that_holds_something(void **state)
{
    support_write(*state, "run/notes", "mine");
    g_autofree char *path = g_build_filename(*state, "run", NULL);
    g_autoptr(GError) error = NULL;
    assert_null(folder_create(path, &error));
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){path, "not empty", NULL});
    g_autofree char *still = support_read(*state, "run/notes");
    assert_string_equal(still, "mine");
    g_autoptr(GPtrArray) files = support_glob(path, "*");
    assert_int_equal(files->len, 1);
}

static void an_empty_folder_is_taken_and_a_file_is_not(void **state)
{
    g_autofree char *empty = g_build_filename(*state, "empty", NULL);
    g_autofree char *file = support_new_file(*state, "file", "");
    g_autoptr(GError) error = NULL;
    assert_int_equal(g_mkdir(empty, 0777), 0);
    struct folder *folder = folder_create(empty, NULL);
    assert_non_null(folder);
    folder_close(folder);
    assert_null(folder_create(file, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){file, NULL});
}

static void each_row_is_on_disk_whole_when_it_was_added(void **state)
{
    g_autofree char *path = NULL;
    struct folder *folder = create(*state, &path);
    struct record record;
    set_record(&record, "a/b/c/d", "failed");
    record.numbers[RECORD_live_bytes] = 7;
    for (guint rows = 1; rows <= 3; rows++) {
        assert_true(folder_add(folder, &record, NULL, NULL, NULL));
        g_autoptr(csv_table) csv = read_table(path, "runs.csv"); /* the folder is still open */
        assert_int_equal(csv_rows(csv), rows);
        assert_string_equal(csv_text(csv, rows - 1, csv_column(csv, "cell")), "a/b/c/d");
        assert_string_equal(csv_text(csv, rows - 1, csv_column(csv, "reason")), record.reason);
        assert_string_equal(csv_text(csv, rows - 1, csv_column(csv, "live_bytes")), "7");
        assert_string_equal(csv_text(csv, rows - 1, csv_column(csv, "t50_ms")), "");
    }
    record_clear(&record);
    folder_close(folder);
}

static void latest_points_to_the_last_run_and_moves_with_the_results(void **state)
{
    g_autofree char *path = NULL;
    struct folder *folder = create(*state, &path);
    folder_close(folder);
    g_autofree char *results = g_path_get_dirname(path);
    g_autofree char *link = g_build_filename(results, "latest", NULL);
    g_autofree char *other = g_build_filename(results, "other", NULL);
    assert_true(folder_set_latest(results, other, NULL));
    assert_true(folder_set_latest(results, path, NULL));
    g_autofree char *target = g_file_read_link(link, NULL);
    assert_string_equal(target, "run");
}

/* --- samples --- */

static void add_mark(GArray *marks, const char *phase, uint64_t begin_ms, uint64_t end_ms, uint64_t settle_ms)
{
    struct record_mark mark = {.mark = {.begin_ns = begin_ms * MS, .end_ns = end_ms * MS},
                               .settle_ns = settle_ms * MS};
    g_strlcpy(mark.mark.phase, phase, sizeof mark.mark.phase);
    g_array_append_val(marks, mark);
}

/* Parked before build, before the drop and before the rebuild. */
static GArray *parked_walk(void)
{
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(struct record_mark));
    add_mark(marks, "build", 1000, 1100, 0);
    add_mark(marks, "drop", 5000, 5050, 0);
    add_mark(marks, "silent", 5050, 5250, 0);
    add_mark(marks, "rebuild", 9000, 9100, 0);
    add_mark(marks, "purge", 9100, 9110, 40);
    add_mark(marks, "end", 9500, 9500, 0);
    return marks;
}

struct sample {
    uint64_t at_ms, rss, lazy;
};

/* Adds a run with these samples (the last has at_ms 0) and returns what samples/ has of it. */
static char *written_samples(const char *parent, const char *cell, const struct sample *samples)
{
    g_autofree char *path = NULL;
    struct folder *folder = create(parent, &path);
    g_autoptr(GArray) marks = parked_walk();
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct record_sample));
    for (; samples->at_ms; samples++) {
        const struct record_sample sample = {samples->at_ms * MS, samples->rss, samples->lazy,
                                             CGROUP_MEMORY_UNKNOWN};
        g_array_append_val(all, sample);
    }
    struct record record;
    set_record(&record, cell, "ok");
    assert_true(folder_add(folder, &record, marks, all, NULL));
    folder_close(folder);
    char *text = support_read(path, record.samples_file);
    record_clear(&record);
    return text;
}

static void samples_are_in_the_processs_own_time_without_what_it_was_parked(void **state)
{
    static const struct sample samples[] = {{999, 1, UNKNOWN},   {1000, 2, UNKNOWN}, {1100, 3, 0},
                                            {4000, 4, UNKNOWN},  {5025, 5, UNKNOWN}, {5050, 6, 0},
                                            {5060, 7, 1},        {9010, 8, UNKNOWN}, {9150, 9, UNKNOWN},
                                            {9151, 10, UNKNOWN}, {9500, 11, 0},      {0, 0, 0}};
    g_autofree char *text = written_samples(*state, "a/b/c/d", samples);
    assert_string_equal(text, "time_ms,phase,rss_bytes,lazy_bytes,step\n"
                              "-150.0,build,2,,0\n" /* 100 ms of build and 50 of drop before the drop's end */
                              "-50.0,build,3,0,0\n"
                              "-25.0,drop,5,,1\n"
                              "0.0,drop,6,0,1\n"
                              "10.0,silent,7,1,2\n"
                              "210.0,rebuild,8,,3\n"
                              "350.0,purge,9,,4\n" /* it is followed until it has settled */
                              "350.0,end,11,0,5\n");
}

static void thinning_leaves_out_only_the_middle_of_three_equal_readings_of_a_phase(void **state)
{
    static const struct sample samples[] = {{5060, 70, UNKNOWN}, {5070, 70, UNKNOWN},
                                            {5080, 70, UNKNOWN}, {5090, 70, UNKNOWN},
                                            {5100, 60, UNKNOWN}, {5110, 70, UNKNOWN},
                                            {5120, 70, UNKNOWN}, {5130, 70, 5},
                                            {5140, 70, UNKNOWN}, {5150, 70, UNKNOWN},
                                            {9010, 70, UNKNOWN}, {9020, 70, UNKNOWN},
                                            {9030, 70, UNKNOWN}, {0, 0, 0}};
    g_autofree char *text = written_samples(*state, "a/b/c/d", samples);
    assert_string_equal(text, "time_ms,phase,rss_bytes,lazy_bytes,step\n"
                              "10.0,silent,70,,2\n"
                              "40.0,silent,70,,2\n"
                              "50.0,silent,60,,2\n"
                              "60.0,silent,70,,2\n"
                              "80.0,silent,70,5,2\n" /* a rollup stays */
                              "100.0,silent,70,,2\n" /* the phase's last and the next one's first stay */
                              "210.0,rebuild,70,,3\n"
                              "230.0,rebuild,70,,3\n");
}

static void a_change_while_parked_is_not_lost_by_thinning(void **state)
{
    static const struct sample samples[] = {{5060, 70, UNKNOWN}, {6000, 20, UNKNOWN}, {9010, 20, UNKNOWN},
                                            {9020, 20, UNKNOWN}, {9030, 20, UNKNOWN}, {0, 0, 0}};
    g_autofree char *text = written_samples(*state, "a/b/c/d", samples);
    support_assert_has(text, "\n210.0,rebuild,20,,3\n");
}

static GArray *three_samples(void)
{
    static const struct record_sample samples[] = {{1000 * MS, 1, UNKNOWN, {30, 20}},
                                                   {1050 * MS, 1, 0, CGROUP_MEMORY_UNKNOWN},
                                                   {9950 * MS, 8, UNKNOWN, {90, UNKNOWN}}};
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct record_sample));
    g_array_append_vals(all, samples, G_N_ELEMENTS(samples));
    return all;
}

static void under_a_limit_samples_have_its_cgroup_and_a_last_field_that_is_never_empty(void **state)
{
    (void)state;
    g_autoptr(GArray) marks = parked_walk(), all = three_samples();
    const struct child_mark none = {.phase = ""};
    g_autoptr(GString) text = samples_text(marks, &none, all, true);
    assert_string_equal(text->str,
                        "time_ms,phase,rss_bytes,lazy_bytes,cgroup_usage_bytes,cgroup_working_bytes,step\n"
                        "-150.0,build,1,,30,20,0\n"
                        "-100.0,build,1,0,,,0\n");
}

/* It was let go on at 9900 ms, 400 ms after it had parked behind its last mark. */
static void the_curve_goes_on_in_the_phase_that_has_no_mark(void **state)
{
    (void)state;
    g_autoptr(GArray) marks = parked_walk(), all = three_samples();
    const struct child_mark rebuild = {.phase = "rebuild", .begin_ns = 9900 * MS, .end_ns = 9950 * MS};
    g_autoptr(GString) text = samples_text(marks, &rebuild, all, false);
    support_assert_has(text->str, "\n400.0,rebuild,8,,6\n");
}

static void the_curve_of_who_has_no_mark_at_all_begins_with_its_start(void **state)
{
    (void)state;
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(struct record_mark)), all = three_samples();
    const struct child_mark baseline = {.phase = "baseline", .begin_ns = 9940 * MS, .end_ns = 9950 * MS};
    g_autoptr(GString) text = samples_text(none, &baseline, all, false);
    assert_string_equal(text->str, "time_ms,phase,rss_bytes,lazy_bytes,step\n10.0,baseline,8,,0\n");
}

static void a_samples_file_stays_inside_its_folder_whatever_the_cell_is_called(void **state)
{
    static const struct sample samples[] = {{1000, 1, UNKNOWN}, {0, 0, 0}};
    g_autofree char *text = written_samples(*state, "../../a/b/../../../c", samples);
    support_assert_has(text, "build,1,");
    g_autofree char *dir = g_build_filename(*state, "results", "run", "samples", NULL);
    g_autoptr(GPtrArray) files = support_glob(dir, "*");
    assert_int_equal(files->len, 1);
    g_autoptr(GPtrArray) beside = support_glob(*state, "*");
    assert_int_equal(beside->len, 1);
}

static void a_run_that_left_no_mark_has_a_row_and_no_sample(void **state)
{
    g_autofree char *path = NULL;
    struct folder *folder = create(*state, &path);
    g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(struct record_mark));
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(struct record_sample));
    const struct record_sample sample = {.monotonic_ns = 5};
    g_array_append_val(samples, sample);
    struct record record;
    set_record(&record, "a/b/c/d", "failed");
    assert_true(folder_add(folder, &record, marks, samples, NULL));
    folder_close(folder);
    g_autofree char *text = support_read(path, record.samples_file);
    assert_string_equal(text, "time_ms,phase,rss_bytes,lazy_bytes,step\n");
    record_clear(&record);
}

static void marks_are_written_with_what_was_read_at_them(void **state)
{
    static const struct sample samples[] = {{0, 0, 0}};
    g_free(written_samples(*state, "a/b/c/d", samples));
    g_autofree char *path = g_build_filename(*state, "results", "run", NULL);
    g_autoptr(csv_table) csv = read_table(path, "marks.csv");
    assert_int_equal(csv_rows(csv), 6);
    assert_string_equal(csv_text(csv, 4, csv_column(csv, "cell")), "a/b/c/d");
    assert_string_equal(csv_text(csv, 4, csv_column(csv, "phase")), "purge");
    assert_string_equal(csv_text(csv, 4, csv_column(csv, "end_ns")), "9110000000");
    assert_string_equal(csv_text(csv, 4, csv_column(csv, "settle_ns")), "40000000");
}

/* --- what cannot be written --- */

static bool add_run(struct folder *folder, const char *cell, GError **error)
{
    g_autoptr(GArray) marks = parked_walk();
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(struct record_sample));
    struct record record;
    set_record(&record, cell, "ok");
    bool added = folder_add(folder, &record, marks, samples, error);
    record_clear(&record);
    return added;
}

/* The table may grow by `more` bytes, as on a disk that is all but full. */
static void limit_file_size(const char *path, gsize more, struct rlimit *before)
{
    g_autofree char *text = NULL;
    gsize length;
    assert_true(g_file_get_contents(path, &text, &length, NULL));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, before), 0);
    const struct rlimit limit = {.rlim_cur = length + more, .rlim_max = before->rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_row_that_does_not_fit_leaves_neither_half_of_it_nor_its_marks_and_samples(void **state)
{
    g_autofree char *path = NULL;
    struct folder *folder = create(*state, &path);
    g_autofree char *runs_path = g_build_filename(path, "runs.csv", NULL);
    g_autofree char *samples = g_build_filename(path, "samples", NULL);
    assert_true(add_run(folder, "a/b/c/d", NULL));
    g_autofree char *runs = support_read(path, "runs.csv"), *marks = support_read(path, "marks.csv");
    for (gsize more = 0; more < 100; more += 33) {
        g_autoptr(GError) error = NULL;
        struct rlimit before;
        limit_file_size(runs_path, more, &before);
        bool added = add_run(folder, "a/b/c/e", &error);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_false(added);
        support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"runs.csv", NULL});
        g_autofree char *runs_after = support_read(path, "runs.csv");
        g_autofree char *marks_after = support_read(path, "marks.csv");
        g_autoptr(GPtrArray) files = support_glob(samples, "*");
        assert_string_equal(runs_after, runs);
        assert_string_equal(marks_after, marks);
        assert_int_equal(files->len, 1);
    }
    assert_true(add_run(folder, "a/b/c/e", NULL)); /* once there is room */
    folder_close(folder);
}

static void assert_lost(struct folder *folder)
{
    g_autoptr(GError) error = NULL;
    assert_false(add_run(folder, "a/b/c/e", &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"runs.csv", "removed or moved", NULL});
}

static void a_row_is_refused_when_the_folder_was_moved_away_or_is_another(void **state)
{
    g_autofree char *path = NULL, *again = NULL, *elsewhere = g_build_filename(*state, "elsewhere", NULL);
    struct folder *folder = create(*state, &path);
    assert_true(add_run(folder, "a/b/c/d", NULL));
    assert_int_equal(g_rename(path, elsewhere), 0);
    assert_lost(folder);
    struct folder *other = create(*state, &again); /* of the same name */
    assert_lost(folder);
    g_autoptr(csv_table) rows = read_table(elsewhere, "runs.csv"), others = read_table(path, "runs.csv");
    assert_int_equal(csv_rows(rows), 1);
    assert_int_equal(csv_rows(others), 0);
    folder_close(other);
    folder_close(folder);
}

static void a_folder_is_one_processs_alone_until_it_is_closed(void **state)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    struct folder *folder = create(*state, &path);
    assert_null(folder_open(path, &error));
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){path, "another afterfree", NULL});
    folder_close(folder);
    folder = folder_open(path, &error);
    assert_non_null(folder);
    assert_true(add_run(folder, "a/b/c/d", NULL));
    folder_close(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_run_never_goes_into_a_folder_that_holds_something),
        SUPPORT_TEST(an_empty_folder_is_taken_and_a_file_is_not),
        SUPPORT_TEST(each_row_is_on_disk_whole_when_it_was_added),
        SUPPORT_TEST(latest_points_to_the_last_run_and_moves_with_the_results),
        SUPPORT_TEST(samples_are_in_the_processs_own_time_without_what_it_was_parked),
        SUPPORT_TEST(thinning_leaves_out_only_the_middle_of_three_equal_readings_of_a_phase),
        SUPPORT_TEST(a_change_while_parked_is_not_lost_by_thinning),
        SUPPORT_TEST(under_a_limit_samples_have_its_cgroup_and_a_last_field_that_is_never_empty),
        SUPPORT_TEST(the_curve_goes_on_in_the_phase_that_has_no_mark),
        SUPPORT_TEST(the_curve_of_who_has_no_mark_at_all_begins_with_its_start),
        SUPPORT_TEST(a_samples_file_stays_inside_its_folder_whatever_the_cell_is_called),
        SUPPORT_TEST(a_run_that_left_no_mark_has_a_row_and_no_sample),
        SUPPORT_TEST(marks_are_written_with_what_was_read_at_them),
        SUPPORT_TEST(a_row_that_does_not_fit_leaves_neither_half_of_it_nor_its_marks_and_samples),
        SUPPORT_TEST(a_row_is_refused_when_the_folder_was_moved_away_or_is_another),
        SUPPORT_TEST(a_folder_is_one_processs_alone_until_it_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
