/* cgroup.h on canned trees of both versions: where a group may be made, what a group's files say, what is swept. */
#include "cgroup.h"
#include "support.h"

#include <unistd.h>

static char *mountinfo(const char *folder, int version, const char *root)
{
    return g_strdup_printf("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                           "34 31 0:31 / /elsewhere rw,relatime shared:9 - cgroup cgroup rw,cpuset\n"
                           "35 31 0:32 %s %s/tree rw,relatime shared:9 - %s cgroup rw%s\n",
                           root, folder, version == 1 ? "cgroup" : "cgroup2", version == 1 ? ",memory" : "");
}

/* The folder of a site below FOLDER/tree, "" for the mount itself; NULL: there is none. Caller frees. */
static char *find(const char *folder, int version, const char *root, const char *path)
{
    g_autofree char *mounts = mountinfo(folder, version, root);
    g_autofree char *own = version == 1 ? g_strdup_printf("5:cpuset:/x\n4:memory:%s\n0::/y\n", path)
                                        : g_strdup_printf("0::%s\n", path);
    g_autoptr(GError) error = NULL;
    struct cgroup_site *site = cgroup_find(mounts, own, &error);
    if (!site) {
        support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"no memory cgroup", NULL});
        return NULL;
    }
    char *found = g_strdup(cgroup_site_folder(site) + strlen(folder) + strlen("/tree"));
    cgroup_site_close(site);
    return found;
}

static void assert_found(const char *folder, int version, const char *root, const char *path,
                         const char *expected)
{
    g_autofree char *found = find(folder, version, root, path);
    if (!expected != !found || (found && strcmp(found, expected) != 0))
        fail_msg("v%d, root %s, path %s: %s instead of %s", version, root, path, found ? found : "none",
                 expected ? expected : "none");
}

static void v1_groups_are_made_in_our_own_group(void **state)
{
    support_write(*state, "tree/cgroup.procs", "1\n");
    support_write(*state, "tree/a/cgroup.procs", "2\n");
    support_write(*state, "tree/a/b/cgroup.procs", "3\n");
    assert_found(*state, 1, "/", "/a/b", "/a/b");
    assert_found(*state, 1, "/", "/", "");
}

static void in_a_container_our_path_is_the_mounts_root_or_the_nearest_folder_that_is_there(void **state)
{
    support_write(*state, "tree/cgroup.procs", "1\n");
    support_write(*state, "tree/b/cgroup.procs", "1\n");
    assert_found(*state, 1, "/docker/x", "/docker/x", "");
    assert_found(*state, 1, "/docker/x", "/docker/x/b", "/b");
    assert_found(*state, 1, "/", "/docker/x/b", "");
    assert_found(*state, 1, "/", "/../../y", "");
}

static void without_a_hierarchy_there_is_no_site_and_the_error_says_so(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_null(cgroup_find("31 23 0:28 / /sys rw - tmpfs tmpfs rw\n", "4:memory:/\n", &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"is mounted", NULL});
    assert_null(cgroup_find("", "", &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"is mounted", NULL});
    (void)state;
}

static void write_v2(const char *folder, const char *group, const char *controllers, const char *enabled,
                     const char *procs)
{
    g_autofree char *path = g_strconcat("tree", group, NULL);
    const char *const names[] = {"cgroup.controllers", "cgroup.subtree_control", "cgroup.procs"};
    const char *const texts[] = {controllers, enabled, procs};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = g_build_filename(path, names[i], NULL);
        support_write(folder, name, texts[i]);
    }
}

static void v2_groups_are_made_where_the_controller_is_on_for_children(void **state)
{
    write_v2(*state, "", "cpu memory", "cpu memory", "1\n");
    write_v2(*state, "/user", "cpu memory", "memory", "");
    write_v2(*state, "/user/session", "memory", "", "1\n2\n");
    support_write(*state, "tree/user/session/cgroup.type", "domain\n");
    assert_found(*state, 2, "/", "/user", "/user");
    assert_found(*state, 2, "/", "/user/session", "/user"); /* others are in the session: the one above it */
}

static void in_the_real_v2_root_the_controller_is_switched_on(void **state)
{
    write_v2(*state, "", "cpu memory", "", "1\n");
    assert_found(*state, 2, "/", "/", "");
    g_autofree char *enabled = support_read(*state, "tree/cgroup.subtree_control");
    assert_string_equal(enabled, "+memory");
}

static void a_v2_group_that_is_not_delegated_the_controller_has_no_site(void **state)
{
    write_v2(*state, "", "cpu", "cpu", "1\n");
    assert_found(*state, 2, "/", "/", NULL);
    write_v2(*state, "/scope", "cpu memory", "", "1\n2\n"); /* not the root, and not alone */
    support_write(*state, "tree/scope/cgroup.type", "domain\n");
    assert_found(*state, 2, "/", "/scope", NULL);
}

/* --- counters --- */

static void v1_counters_are_read(void **state)
{
    struct cgroup_counters counters;
    support_write(*state, "memory.max_usage_in_bytes", "2097152\n");
    support_write(*state, "memory.failcnt", "7\n");
    support_write(*state, "memory.oom_control", "oom_kill_disable 0\nunder_oom 1\noom_kill 3\n");
    cgroup_read_folder(*state, 1, &counters);
    assert_int_equal(counters.peak_bytes, 2097152);
    assert_int_equal(counters.failures, 7);
    assert_int_equal(counters.oom_kills, 3);
    assert_true(counters.stall_ns == CGROUP_UNKNOWN);
}

static void v2_counters_are_read_and_names_are_not_taken_for_longer_ones(void **state)
{
    struct cgroup_counters counters;
    support_write(*state, "memory.peak", "8192\n");
    support_write(*state, "memory.events", "low 0\nhigh 5\nmax 12\noom 2\noom_kill 1\noom_group_kill 9\n");
    support_write(*state, "memory.pressure",
                  "some avg10=1.50 avg60=0.00 avg300=0.00 total=1234\n"
                  "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n");
    cgroup_read_folder(*state, 2, &counters);
    assert_int_equal(counters.peak_bytes, 8192);
    assert_int_equal(counters.failures, 12);
    assert_int_equal(counters.oom_kills, 1);
    assert_int_equal(counters.stall_ns, 1234000);
}

static void the_working_set_is_usage_without_the_cache_that_nobody_uses(void **state)
{
    struct cgroup_memory memory;
    support_write(*state, "memory.usage_in_bytes", "1048576\n");
    support_write(*state, "memory.stat",
                  "cache 9\ninactive_file 1\ntotal_cache 9\ntotal_inactive_file 4096\n");
    cgroup_read_memory_folder(*state, 1, &memory);
    assert_int_equal(memory.usage_bytes, 1048576);
    assert_int_equal(memory.working_bytes, 1048576 - 4096);
    support_write(*state, "memory.current", "8192\n");
    support_write(*state, "memory.stat", "anon 4096\nfile 1\ninactive_file 8193\nactive_file 3\n");
    cgroup_read_memory_folder(*state, 2, &memory);
    assert_int_equal(memory.usage_bytes, 8192);
    assert_int_equal(memory.working_bytes, 0); /* the two are not read at one instant */
}

static void what_a_kernel_does_not_tell_is_unknown_and_not_0(void **state)
{
    struct cgroup_counters counters;
    struct cgroup_memory memory;
    support_write(*state, "memory.events", "low 0\nmax\n");
    cgroup_read_folder(*state, 2, &counters);
    cgroup_read_memory_folder(*state, 2, &memory);
    assert_true(memory.usage_bytes == CGROUP_UNKNOWN && memory.working_bytes == CGROUP_UNKNOWN);
    assert_true(counters.peak_bytes == CGROUP_UNKNOWN);
    assert_true(counters.failures == CGROUP_UNKNOWN && counters.oom_kills == CGROUP_UNKNOWN);
    assert_true(counters.stall_ns == CGROUP_UNKNOWN);
}

/* --- the sweep --- */

static void make_group(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    assert_int_equal(g_mkdir_with_parents(path, 0777), 0);
}

static bool is_there(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static uint64_t own_start_time(void)
{
    unsigned long long start = 0;
    FILE *stat = fopen("/proc/self/stat", "r");
    assert_non_null(stat);
    assert_int_equal(fscanf(stat,
                            "%*d (%*[^)]) %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                            "%*s %*s %*s %llu",
                            &start),
                     1);
    fclose(stat);
    return start;
}

static void groups_of_dead_owners_are_swept_and_no_others(void **state)
{
    g_autofree char *mine =
        g_strdup_printf("a/afterfree-%d-%" G_GUINT64_FORMAT "-1", (int)getpid(), own_start_time());
    g_autofree char *before_me =
        g_strdup_printf("a/afterfree-%d-1-1", (int)getpid()); /* our pid, once another's */
    make_group(*state, mine);
    make_group(*state, before_me);
    make_group(*state, "afterfree-999999999-5-self");
    make_group(*state, "a/b/afterfree-999999999-5-2");
    make_group(*state, "afterfree-notes");
    make_group(*state, "others-999999999-5-2");
    assert_int_equal(cgroup_sweep(*state), 3);
    assert_true(is_there(*state, mine));
    assert_true(is_there(*state, "afterfree-notes"));
    assert_true(is_there(*state, "others-999999999-5-2"));
    assert_false(is_there(*state, before_me));
    assert_false(is_there(*state, "afterfree-999999999-5-self"));
    assert_false(is_there(*state, "a/b/afterfree-999999999-5-2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(v1_groups_are_made_in_our_own_group),
        SUPPORT_TEST(in_a_container_our_path_is_the_mounts_root_or_the_nearest_folder_that_is_there),
        SUPPORT_TEST(without_a_hierarchy_there_is_no_site_and_the_error_says_so),
        SUPPORT_TEST(v2_groups_are_made_where_the_controller_is_on_for_children),
        SUPPORT_TEST(in_the_real_v2_root_the_controller_is_switched_on),
        SUPPORT_TEST(a_v2_group_that_is_not_delegated_the_controller_has_no_site),
        SUPPORT_TEST(v1_counters_are_read),
        SUPPORT_TEST(v2_counters_are_read_and_names_are_not_taken_for_longer_ones),
        SUPPORT_TEST(the_working_set_is_usage_without_the_cache_that_nobody_uses),
        SUPPORT_TEST(what_a_kernel_does_not_tell_is_unknown_and_not_0),
        SUPPORT_TEST(groups_of_dead_owners_are_swept_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
