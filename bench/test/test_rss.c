#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "error.h"
#include "rss.h"

#define MB (UINT64_C(1) << 20)

static const char ROLLUP[] =
    "55b769b5a000-7ffd25a81000 ---p 00000000 00:00 0                          [rollup]\n"
    "Rss:              201628 kB\n"
    "Pss:              200335 kB\n"
    "Pss_Anon:         200112 kB\n"
    "Private_Dirty:    200112 kB\n"
    "Anonymous:        200112 kB\n"
    "LazyFree:           4096 kB\n"
    "AnonHugePages:      2048 kB\n"
    "ShmemPmdMapped:        0 kB\n";

static const char STATUS[] = "Name:\tVmHWM:\nVmPeak:\t 3060 kB\nVmHWM:\t    1980 kB\nVmRSS:\t    1688 kB\n";

static const char MAPS[] =
    "55b0-55b1 r--p 00000000 fe:00 131077                     /usr/bin/hash_chained\n"
    "7f00-7f01 rw-p 00000000 00:00 0 \n"
    "7f01-7f02 r-xp 00001000 fe:00 42                         /usr/lib/libfoo.so.2.0\n"
    "7f02-7f03 r-xp 00001000 fe:00 43                         /home/me/my builds/libbar.so.1\n"
    "7f03-7f04 r-xp 00001000 fe:00 44                         /opt/libgone.so.3 (deleted)\n"
    "7f04-7f05 rw-p 00000000 00:00 0                          [anon:/usr/lib/libnamed.so.1]\n"
    "7ffc-7ffd rw-p 00000000 00:00 0                          [stack]\n";

static void statm_counts_pages(void **state)
{
    uint64_t bytes;
    (void)state;
    assert_true(rss_parse_statm("765 422 394 5 0 123 0\n", 4096, &bytes));
    assert_int_equal(bytes, 422 * 4096);
    assert_true(rss_parse_statm("765 422 394 5 0 123 0\n", 16384, &bytes));
    assert_int_equal(bytes, 422 * 16384);
}

static void the_zeroes_of_a_zombie_are_no_reading(void **state)
{
    uint64_t bytes = 4711;
    (void)state;
    assert_false(rss_parse_statm("0 0 0 0 0 0 0\n", 4096, &bytes));
    assert_false(rss_parse_statm("765\n", 4096, &bytes));
    assert_false(rss_parse_statm("", 4096, &bytes));
    assert_int_equal(bytes, 4711);
}

static void a_rollup_gives_four_figures(void **state)
{
    struct rss_rollup rollup;
    (void)state;
    assert_true(rss_parse_rollup(ROLLUP, &rollup));
    assert_int_equal(rollup.rss_bytes, 201628 * 1024);
    assert_int_equal(rollup.anonymous_bytes, 200112 * 1024);
    assert_int_equal(rollup.lazy_bytes, 4096 * 1024);
    assert_int_equal(rollup.anon_huge_bytes, 2048 * 1024);
}

static void a_rollup_with_a_field_missing_is_no_reading(void **state)
{
    static const char *const FIELDS[] = {"Rss:", "\nAnonymous:", "LazyFree:", "AnonHugePages:"};
    struct rss_rollup rollup;
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        g_autofree char *text = g_strdup(ROLLUP);
        strstr(text, FIELDS[i])[1] = '?';
        assert_false(rss_parse_rollup(text, &rollup));
    }
    assert_false(rss_parse_rollup("", &rollup));
}

static void the_peak_is_the_line_that_begins_with_vmhwm(void **state)
{
    uint64_t bytes;
    (void)state;
    assert_true(rss_parse_peak(STATUS, &bytes));
    assert_int_equal(bytes, 1980 * 1024);
    assert_false(rss_parse_peak("Name:\tkthreadd\nThreads:\t1\n", &bytes));
    assert_false(rss_parse_peak("VmHWM:\t1980 MB\n", &bytes));
}

static void schedstat_is_running_then_waiting(void **state)
{
    struct rss_sched sched;
    (void)state;
    assert_true(rss_parse_sched("123456789012 3456 78\n", &sched));
    assert_true(sched.running_ns == 123456789012 && sched.waiting_ns == 3456);
    assert_false(rss_parse_sched("12\n", &sched));
}

static void a_soname_is_found_in_any_folder_and_up_to_its_version(void **state)
{
    (void)state;
    assert_true(rss_parse_maps_has(MAPS, "libfoo.so.2.0"));
    assert_true(rss_parse_maps_has(MAPS, "libfoo.so.2"));
    assert_true(rss_parse_maps_has(MAPS, "libfoo.so"));
    assert_true(rss_parse_maps_has(MAPS, "hash_chained"));
}

static void a_name_that_only_begins_alike_is_not_found(void **state)
{
    (void)state;
    assert_false(rss_parse_maps_has(MAPS, "libfoo.so.2.0.1"));
    assert_false(rss_parse_maps_has(MAPS, "libfoo.so.1"));
    assert_false(rss_parse_maps_has(MAPS, "libfoo.s"));
    assert_false(rss_parse_maps_has(MAPS, "foo.so.2"));
    assert_false(
        rss_parse_maps_has("7f01-7f02 r-xp 00001000 fe:00 42   /usr/lib/libfoo.so.201\n", "libfoo.so.2"));
    assert_false(rss_parse_maps_has("", "libfoo.so.2"));
}

static void a_path_must_match_its_folder_too(void **state)
{
    (void)state;
    assert_true(rss_parse_maps_has(MAPS, "/usr/lib/libfoo.so.2.0"));
    assert_true(rss_parse_maps_has(MAPS, "/usr/lib/libfoo.so.2"));
    assert_false(rss_parse_maps_has(MAPS, "/home/me/libfoo.so.2"));
}

static void paths_with_blanks_and_deleted_files_are_found(void **state)
{
    (void)state;
    assert_true(rss_parse_maps_has(MAPS, "/home/me/my builds/libbar.so.1"));
    assert_true(rss_parse_maps_has(MAPS, "libbar.so.1"));
    assert_true(rss_parse_maps_has(MAPS, "/opt/libgone.so.3"));
}

static void what_is_not_a_file_is_not_found(void **state)
{
    (void)state;
    assert_false(rss_parse_maps_has(MAPS, "[stack]"));
    assert_false(rss_parse_maps_has(MAPS, "libnamed.so.1"));
}

static char *touch_pages(size_t bytes)
{
    char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    memset(pages, 1, bytes);
    return pages;
}

static void both_readings_see_pages_come_and_go(void **state)
{
    const size_t bytes = 64 * MB;
    uint64_t before, during, after;
    struct rss_rollup rollup_before, rollup;
    struct rss *rss = rss_open(getpid(), NULL);
    (void)state;
    assert_non_null(rss);
    assert_true(rss_read_now(rss, &before) && rss_read_rollup(rss, &rollup_before));
    char *pages = touch_pages(bytes);
    assert_true(rss_read_now(rss, &during) && rss_read_rollup(rss, &rollup));
    munmap(pages, bytes);
    assert_true(rss_read_now(rss, &after));
    assert_in_range(during - before, bytes - MB, bytes + 8 * MB);
    assert_in_range(rollup.rss_bytes - rollup_before.rss_bytes, bytes - MB, bytes + 8 * MB);
    assert_in_range(rollup.anonymous_bytes - rollup_before.anonymous_bytes, bytes - MB, bytes + 8 * MB);
    assert_in_range(after + bytes - during, 0, MB);
    rss_close(rss);
}

static void the_peak_stays_until_it_is_reset(void **state)
{
    const size_t bytes = 64 * MB;
    uint64_t peak = 0, peak_after_reset, now;
    struct rss *rss = rss_open(getpid(), NULL);
    (void)state;
    munmap(touch_pages(bytes), bytes);
    assert_true(rss_read_now(rss, &now) && rss_read_peak(rss, &peak));
    assert_true(peak >= now + bytes - MB);
    assert_true(rss_reset_peak(rss));
    assert_true(rss_read_peak(rss, &peak_after_reset));
    assert_true(peak_after_reset + bytes - 2 * MB <= peak);
    rss_close(rss);
}

static void lazily_freed_pages_are_resident_but_lazy(void **state)
{
    const size_t bytes = 16 * MB;
    struct rss_rollup rollup;
    struct rss *rss = rss_open(getpid(), NULL);
    (void)state;
    char *pages = touch_pages(bytes);
    assert_int_equal(madvise(pages, bytes, MADV_FREE), 0);
    assert_true(rss_read_rollup(rss, &rollup));
    munmap(pages, bytes);
    rss_close(rss);
    if (rollup.lazy_bytes == 0) /* without swap, kernels before 4.12 free at once */
        skip();
    assert_in_range(rollup.lazy_bytes, bytes - MB, bytes);
    assert_true(rollup.rss_bytes >= rollup.lazy_bytes);
}

static void our_own_c_library_is_mapped(void **state)
{
    (void)state;
    assert_true(rss_maps_has(getpid(), "libc.so.6"));
    assert_false(rss_maps_has(getpid(), "libnonesuch.so.1"));
}

/* /proc/self/exe is a link, which maps does not show. */
static void links_to_the_object_are_followed(void **state)
{
    (void)state;
    assert_true(rss_maps_has(getpid(), "/proc/self/exe"));
}

static void a_process_that_does_not_exist_is_an_error(void **state)
{
    GError *error = NULL;
    const pid_t none = 0x7fffffff; /* above the kernel's largest */
    (void)state;
    assert_null(rss_open(none, &error));
    assert_int_equal(error->code, EXIT_SYSTEM);
    assert_non_null(strstr(error->message, "/proc/2147483647"));
    g_error_free(error);
    assert_false(rss_maps_has(none, "libc.so.6"));
    rss_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statm_counts_pages),
        cmocka_unit_test(the_zeroes_of_a_zombie_are_no_reading),
        cmocka_unit_test(a_rollup_gives_four_figures),
        cmocka_unit_test(a_rollup_with_a_field_missing_is_no_reading),
        cmocka_unit_test(the_peak_is_the_line_that_begins_with_vmhwm),
        cmocka_unit_test(schedstat_is_running_then_waiting),
        cmocka_unit_test(a_soname_is_found_in_any_folder_and_up_to_its_version),
        cmocka_unit_test(a_name_that_only_begins_alike_is_not_found),
        cmocka_unit_test(a_path_must_match_its_folder_too),
        cmocka_unit_test(paths_with_blanks_and_deleted_files_are_found),
        cmocka_unit_test(what_is_not_a_file_is_not_found),
        cmocka_unit_test(both_readings_see_pages_come_and_go),
        cmocka_unit_test(the_peak_stays_until_it_is_reset),
        cmocka_unit_test(lazily_freed_pages_are_resident_but_lazy),
        cmocka_unit_test(our_own_c_library_is_mapped),
        cmocka_unit_test(links_to_the_object_are_followed),
        cmocka_unit_test(a_process_that_does_not_exist_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
