/* tunables.h: the loader's list on canned text, and the loader itself as this program names it. */
#include "support.h"
#include "tunables.h"

static const char LIST[] = "glibc.rtld.nns: 0x4 (min: 0x1, max: 0x10)\n"
                           "glibc.malloc.trim_threshold: 0x20000 (min: 0x0, max: 0xffffffffffffffff)\n"
                           "glibc.malloc.perturb: 0 (min: 0, max: 255)\n"
                           "glibc.cpu.x86_shstk: \n"
                           "glibc.malloc.hugetlb: 0x1\n"
                           "glibc.malloc.trim: 7 (min: 0, max: 255)";

static void assert_value(const char *name, const char *expected)
{
    g_autofree char *value = tunables_value(LIST, name);
    if (g_strcmp0(value, expected) != 0)
        fail_msg("%s is %s", name, value);
}

static void a_value_is_found_by_its_whole_name(void **state)
{
    (void)state;
    assert_value("glibc.malloc.trim_threshold", "0x20000");
    assert_value("glibc.malloc.perturb", "0");
    assert_value("glibc.malloc.hugetlb", "0x1");
    assert_value("glibc.malloc.trim", "7");
    assert_value("glibc.cpu.x86_shstk", "");
    assert_value("glibc.malloc.tri", NULL);
    assert_value("malloc.trim", NULL);
    assert_value("glibc.malloc.arena_max", NULL);
}

static void the_loader_is_the_one_mapped_into_the_program(void **state)
{
    g_autofree char *loader = tunables_loader("/proc/self/exe");
    g_autofree char *maps = support_read("/proc/self", "maps");
    g_autofree char *name = g_path_get_basename(loader ? loader : "");
    (void)state;
    assert_non_null(loader);
    assert_true(g_path_is_absolute(loader));
    support_assert_has(maps, name);
}

static void what_is_no_program_has_no_loader(void **state)
{
    g_autofree char *program = NULL;
    gsize length;
    assert_true(g_file_get_contents("/proc/self/exe", &program, &length, NULL));
    g_autofree char *path = support_new_file(*state, "file", "#!/bin/sh\n");
    assert_null(tunables_loader(path));
    assert_null(tunables_loader("/no/such/file"));
    for (gsize cut = 0; cut < 700; cut += 7) { /* headers torn anywhere */
        assert_true(g_file_set_contents(path, program, (gssize)cut, NULL));
        g_autofree char *loader = tunables_loader(path);
        assert_true(!loader || g_path_is_absolute(loader));
    }
    assert_null(tunables_list(path, (char *const[]){NULL}));
}

static void a_list_is_of_the_environment_it_is_asked_in(void **state)
{
    char set[] = "GLIBC_TUNABLES=glibc.malloc.trim_threshold=131072";
    char *const unset_environment[] = {NULL}, *const set_environment[] = {set, NULL};
    g_autofree char *unset_list = tunables_list("/proc/self/exe", unset_environment);
    g_autofree char *set_list = tunables_list("/proc/self/exe", set_environment);
    (void)state;
    if (!unset_list)
        skip(); /* not glibc's loader, or an old one */
    g_autofree char *unset_value = tunables_value(unset_list, "glibc.malloc.trim_threshold");
    g_autofree char *set_value = tunables_value(set_list, "glibc.malloc.trim_threshold");
    assert_string_equal(unset_value, "0x0");
    assert_string_equal(set_value, "0x20000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_found_by_its_whole_name),
        cmocka_unit_test(the_loader_is_the_one_mapped_into_the_program),
        SUPPORT_TEST(what_is_no_program_has_no_loader),
        cmocka_unit_test(a_list_is_of_the_environment_it_is_asked_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
