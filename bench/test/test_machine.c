#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#include "machine.h"

static const char MEMINFO[] = "MemTotal:       24684096 kB\n"
                              "MemFree:        24291928 kB\n"
                              "MemAvailable:   24351488 kB\n"
                              "HugePages_Total:       3\n";

/* A folder in the place of /sys/fs/cgroup. */
static char *mount;

static int make_mount(void **state)
{
    (void)state;
    mount = g_dir_make_tmp("afterfree-cgroup-XXXXXX", NULL);
    return mount ? 0 : -1;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    g_remove(path);
}

static int remove_mount(void **state)
{
    (void)state;
    remove_tree(mount);
    g_free(mount);
    return 0;
}

static void put(const char *group, const char *file, const char *text)
{
    g_autofree char *folder = g_build_filename(mount, group, NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_mkdir_with_parents(folder, 0700);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void put_v2(const char *group, const char *max, const char *current, const char *stat)
{
    put(group, "memory.max", max);
    put(group, "memory.current", current);
    put(group, "memory.stat", stat);
}

static void put_v1(const char *group, const char *limit, const char *usage, const char *stat)
{
    put(group, "memory.limit_in_bytes", limit);
    put(group, "memory.usage_in_bytes", usage);
    put(group, "memory.stat", stat);
}

static void meminfo_fields_are_found_by_their_whole_name(void **state)
{
    uint64_t bytes;
    (void)state;
    assert_true(machine_parse_meminfo(MEMINFO, "MemAvailable", &bytes));
    assert_int_equal(bytes, UINT64_C(24351488) * 1024);
    assert_true(machine_parse_meminfo(MEMINFO, "MemTotal", &bytes));
    assert_int_equal(bytes, UINT64_C(24684096) * 1024);
    assert_false(machine_parse_meminfo(MEMINFO, "Mem", &bytes));
    assert_false(machine_parse_meminfo(MEMINFO, "Total", &bytes));
    assert_false(machine_parse_meminfo(MEMINFO, "HugePages_Total", &bytes));
    assert_false(machine_parse_meminfo("", "MemTotal", &bytes));
}

static void assert_cgroup(const char *text, const char *path, int version)
{
    int found = 0;
    g_autofree char *answer = machine_parse_cgroup(text, &found);
    assert_non_null(answer);
    assert_string_equal(answer, path);
    assert_int_equal(found, version);
}

static void the_memory_controller_of_v1_goes_before_v2(void **state)
{
    (void)state;
    assert_cgroup("0::/unified\n9:name=systemd:/\n4:memory:/a/b\n", "/a/b", 1);
    assert_cgroup("4:cpu,memory:/a\n", "/a", 1);
}

static void without_a_v1_memory_controller_it_is_v2(void **state)
{
    (void)state;
    assert_cgroup("0::/user.slice/a:b\n", "/user.slice/a:b", 2);
    assert_cgroup("1:name=memory:/x\n3:cpuset:/memory\n0::/\n", "/", 2);
}

static void without_any_controller_there_is_no_cgroup(void **state)
{
    int version;
    (void)state;
    assert_null(machine_parse_cgroup("9:name=systemd:/\n", &version));
    assert_null(machine_parse_cgroup("", &version));
    assert_null(machine_parse_cgroup("garbage\n", &version));
}

static void the_tightest_limit_of_all_ancestors_counts(void **state)
{
    struct machine_cgroup cgroup;
    (void)state;
    put_v2("a/b", "4000\n", "1000\n", "anon 600\nactive_file 50\ninactive_file 300\n");
    put_v2("a", "3000\n", "2900\n", "inactive_file 0\n");
    put_v2("", "max\n", "99999\n", "inactive_file 0\n");
    assert_true(machine_read_cgroup(mount, "/a/b", 2, &cgroup));
    assert_int_equal(cgroup.limit_bytes, 3000);
    assert_int_equal(cgroup.available_bytes, 100);
}

static void the_least_room_need_not_be_below_the_tightest_limit(void **state)
{
    struct machine_cgroup cgroup;
    (void)state;
    put_v2("a/b", "3000\n", "1000\n", "inactive_file 400\n");
    put_v2("a", "9000\n", "8990\n", "inactive_file 0\n");
    assert_true(machine_read_cgroup(mount, "/a/b", 2, &cgroup));
    assert_int_equal(cgroup.limit_bytes, 3000);
    assert_int_equal(cgroup.available_bytes, 10);
    put_v2("a", "2000\n", "1000\n", "inactive_file 0\n");
    put_v2("a/b", "3000\n", "2995\n", "inactive_file 0\n");
    assert_true(machine_read_cgroup(mount, "/a/b", 2, &cgroup));
    assert_int_equal(cgroup.limit_bytes, 2000);
    assert_int_equal(cgroup.available_bytes, 5);
}

static void inactive_page_cache_counts_as_room(void **state)
{
    struct machine_cgroup cgroup;
    (void)state;
    put_v2("a", "4000\n", "3900\n", "workingset_inactive_file 7\ninactive_file 1000\n");
    assert_true(machine_read_cgroup(mount, "/a", 2, &cgroup));
    assert_int_equal(cgroup.available_bytes, 1100);
}

static void v1_counts_the_page_cache_of_all_descendants(void **state)
{
    struct machine_cgroup cgroup;
    (void)state;
    put_v1("a", "4000\n", "3900\n", "inactive_file 7\ntotal_inactive_file 1000\n");
    assert_true(machine_read_cgroup(mount, "/a", 1, &cgroup));
    assert_int_equal(cgroup.limit_bytes, 4000);
    assert_int_equal(cgroup.available_bytes, 1100);
}

static void no_limit_is_no_limit_in_either_version(void **state)
{
    struct machine_cgroup cgroup;
    (void)state;
    put_v1("a", "9223372036854771712\n", "5\n", "total_inactive_file 0\n");
    put_v2("a", "max\n", "5\n", "inactive_file 0\n");
    assert_false(machine_read_cgroup(mount, "/a", 1, &cgroup));
    assert_false(machine_read_cgroup(mount, "/a", 2, &cgroup));
}

static void usage_above_the_limit_leaves_no_room(void **state)
{
    struct machine_cgroup cgroup;
    (void)state;
    put_v2("a", "4000\n", "4100\n", "inactive_file 0\n");
    assert_true(machine_read_cgroup(mount, "/a", 2, &cgroup));
    assert_int_equal(cgroup.available_bytes, 0);
}

static void a_containers_own_group_is_found_at_the_mount(void **state)
{
    struct machine_cgroup cgroup;
    (void)state;
    put_v1("", "4000\n", "1000\n", "total_inactive_file 0\n");
    assert_true(machine_read_cgroup(mount, "/docker/not-visible-here", 1, &cgroup));
    assert_int_equal(cgroup.available_bytes, 3000);
}

static void a_group_outside_our_namespace_is_not_looked_for_beside_the_mount(void **state)
{
    struct machine_cgroup cgroup;
    (void)state;
    g_autofree char *inner = g_build_filename(mount, "inner", NULL);
    put_v1("inner", "4000\n", "1000\n", "total_inactive_file 0\n");
    put_v1("other", "10\n", "0\n", "total_inactive_file 0\n");
    assert_true(machine_read_cgroup(inner, "/../other", 1, &cgroup));
    assert_int_equal(cgroup.limit_bytes, 4000);
    assert_int_equal(cgroup.available_bytes, 3000);
}

static void the_machine_describes_itself_completely(void **state)
{
    static const char *const KEYS[] = {"host",
                                       "kernel",
                                       "cpu",
                                       "cores",
                                       "memory_bytes",
                                       "page_bytes",
                                       "swap_bytes",
                                       "thp_enabled",
                                       "thp_defrag",
                                       "load_1min",
                                       "overcommit_memory",
                                       "cgroup_limit_bytes",
                                       "started_utc",
                                       "git_revision",
                                       "page_reporting",
                                       "afterfree_version"};
    (void)state;
    g_autoptr(GKeyFile) file = machine_describe(NULL);
    g_auto(GStrv) keys = g_key_file_get_keys(file, "machine", NULL, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++)
        if (!g_key_file_has_key(file, "machine", KEYS[i], NULL))
            fail_msg("no %s", KEYS[i]);
    assert_int_equal(g_strv_length(keys), G_N_ELEMENTS(KEYS));
    assert_true(g_key_file_get_uint64(file, "machine", "memory_bytes", NULL) > 1 << 20);
    assert_int_equal(g_key_file_get_uint64(file, "machine", "page_bytes", NULL), sysconf(_SC_PAGESIZE));
    assert_true(g_key_file_get_uint64(file, "machine", "cores", NULL) > 0);
    g_autofree char *revision = g_key_file_get_string(file, "machine", "git_revision", NULL);
    assert_string_equal(revision, "");
}

static void the_start_is_in_iso_8601_utc(void **state)
{
    (void)state;
    g_autoptr(GKeyFile) file = machine_describe(NULL);
    g_autofree char *text = g_key_file_get_string(file, "machine", "started_utc", NULL);
    g_autoptr(GDateTime) started = g_date_time_new_from_iso8601(text, NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    assert_non_null(started);
    assert_true(g_str_has_suffix(text, "Z"));
    assert_in_range(g_date_time_difference(now, started), 0, G_TIME_SPAN_MINUTE);
}

static void outside_a_repository_the_revision_is_empty(void **state)
{
    (void)state;
    g_autoptr(GKeyFile) file = machine_describe(mount);
    g_autofree char *revision = g_key_file_get_string(file, "machine", "git_revision", NULL);
    assert_string_equal(revision, "");
}

static void available_memory_is_no_more_than_there_is(void **state)
{
    (void)state;
    g_autoptr(GKeyFile) file = machine_describe(NULL);
    uint64_t available = machine_available_bytes();
    assert_true(available > 0);
    assert_true(available <= g_key_file_get_uint64(file, "machine", "memory_bytes", NULL));
}

static void a_package_that_is_not_installed_has_no_version(void **state)
{
    (void)state;
    assert_null(machine_package_version("afterfree-nonesuch"));
}

static void an_installed_package_has_a_version(void **state)
{
    g_autofree char *dpkg = g_find_program_in_path("dpkg-query");
    (void)state;
    if (!dpkg)
        skip();
    g_autofree char *version = machine_package_version("dpkg");
    assert_non_null(version);
    assert_true(g_ascii_isdigit(*version));
    assert_null(strpbrk(version, " \n"));
}

#define WITH_MOUNT(claim) cmocka_unit_test_setup_teardown(claim, make_mount, remove_mount)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meminfo_fields_are_found_by_their_whole_name),
        cmocka_unit_test(the_memory_controller_of_v1_goes_before_v2),
        cmocka_unit_test(without_a_v1_memory_controller_it_is_v2),
        cmocka_unit_test(without_any_controller_there_is_no_cgroup),
        WITH_MOUNT(the_tightest_limit_of_all_ancestors_counts),
        WITH_MOUNT(the_least_room_need_not_be_below_the_tightest_limit),
        WITH_MOUNT(inactive_page_cache_counts_as_room),
        WITH_MOUNT(v1_counts_the_page_cache_of_all_descendants),
        WITH_MOUNT(no_limit_is_no_limit_in_either_version),
        WITH_MOUNT(usage_above_the_limit_leaves_no_room),
        WITH_MOUNT(a_containers_own_group_is_found_at_the_mount),
        WITH_MOUNT(a_group_outside_our_namespace_is_not_looked_for_beside_the_mount),
        cmocka_unit_test(the_machine_describes_itself_completely),
        cmocka_unit_test(the_start_is_in_iso_8601_utc),
        WITH_MOUNT(outside_a_repository_the_revision_is_empty),
        cmocka_unit_test(available_memory_is_no_more_than_there_is),
        cmocka_unit_test(a_package_that_is_not_installed_has_no_version),
        cmocka_unit_test(an_installed_package_has_a_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
