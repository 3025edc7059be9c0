#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#include "allocator.h"
#include "error.h"

static const char GOOD[] = "# A comment.\n"
                           "[allocator]\n"
                           "summary = The one of the test\n"
                           "preload = libfoo.so.2\n"
                           "package = libfoo2\n"
                           "purge = foo_purge(1); foo_trim()\n"
                           "version = int: foo_version()\n"
                           "debug = bool: foo_is_debug\n"
                           "read.reset@..208 = int: foo_get(15)\n"
                           "read.purge_ms = tunable: foo.purge\n"
                           "written-for = 2.0.9\n"
                           "\n"
                           "[setting default]\n"
                           "policy = default\n"
                           "\n"
                           "[setting purge-0.5]\n"
                           "policy = delayed\n"
                           "delay-ms = 500\n"
                           "own-thread = yes\n"
                           "env.FOO_EMPTY =\n"
                           "env.FOO_CONF = decay:0,a=b\n"
                           "env.FOO_RESET@..208 = 1\n"
                           "env.FOO_PURGE@209..300 = 2\n"
                           "env.FOO_PURGE@301.. = 3\n"
                           "expect.purge_ms@209..300 = 2\n"
                           "expect.purge_ms@301.. = 3\n"
                           "behaves = returns\n";

/* What precedes the lines under test, so that those are valid but for one thing. */
#define HEAD "[allocator]\nsummary=s\n"
#define SETTING HEAD "[setting a]\npolicy=default\n"

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("afterfree-allocator-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    (void)state;
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return 0;
}

static char *put(const char *dir, const char *name, const char *text)
{
    char *path = g_build_filename(dir, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static struct allocator *read_good(const char *text)
{
    GError *error = NULL;
    g_autofree char *path = put(folder, "foo.ini", text);
    struct allocator *allocator = allocator_read(path, &error);
    if (!allocator)
        fail_msg("%s", error->message);
    return allocator;
}

/* `place`: ":LINE: [GROUP] KEY: ", as the error gives it after the path. */
static void assert_bad(const char *text, const char *place)
{
    GError *error = NULL;
    g_autofree char *path = put(folder, "foo.ini", text);
    g_autofree char *prefix = g_strconcat(path, place, NULL);
    g_autoptr(allocator_descriptor) allocator = allocator_read(path, &error);
    if (allocator)
        fail_msg("accepted: %s", text);
    assert_int_equal(error->code, EXIT_BAD_DATA);
    if (!g_str_has_prefix(error->message, prefix))
        fail_msg("%s does not begin with %s", error->message, prefix);
    g_error_free(error);
}

static void a_descriptor_is_read_whole(void **state)
{
    (void)state;
    g_autoptr(allocator_descriptor) foo = read_good(GOOD);
    assert_string_equal(foo->name, "foo");
    assert_true(g_str_has_suffix(foo->path, "/foo.ini"));
    assert_string_equal(foo->summary, "The one of the test");
    assert_string_equal(foo->preload, "libfoo.so.2");
    assert_string_equal(foo->package, "libfoo2");
    assert_string_equal(foo->purge, "foo_purge(1); foo_trim()");
    assert_string_equal(foo->version, "int: foo_version()");
    assert_string_equal(foo->written_for, "2.0.9");
    assert_int_equal(foo->settings->len, 2);
}

static void settings_and_variables_keep_the_order_of_the_file(void **state)
{
    static const char *const NAMES[] = {"FOO_EMPTY", "FOO_CONF", "FOO_RESET", "FOO_PURGE", "FOO_PURGE"};
    static const char *const VALUES[] = {"", "decay:0,a=b", "1", "2", "3"};
    (void)state;
    g_autoptr(allocator_descriptor) foo = read_good(GOOD);
    const struct allocator_setting *first = foo->settings->pdata[0], *second = foo->settings->pdata[1];
    assert_string_equal(first->name, "default");
    assert_true(first->policy == ALLOCATOR_POLICY_DEFAULT && !first->has_delay && !first->own_thread);
    assert_string_equal(second->name, "purge-0.5");
    assert_true(second->policy == ALLOCATOR_POLICY_DELAYED && second->has_delay && second->own_thread);
    assert_int_equal(second->delay_ms, 500);
    assert_int_equal(second->variables->len, G_N_ELEMENTS(NAMES));
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        const struct allocator_variable *variable = second->variables->pdata[i];
        assert_string_equal(variable->name, NAMES[i]);
        assert_string_equal(variable->value, VALUES[i]);
    }
}

static void assert_line(const GPtrArray *lines, guint at, const char *name, const char *value)
{
    const struct allocator_variable *line = lines->pdata[at];
    assert_string_equal(line->name, name);
    assert_string_equal(line->value, value);
}

static void a_descriptor_says_what_is_read_back_and_what_is_expected(void **state)
{
    (void)state;
    g_autoptr(allocator_descriptor) foo = read_good(GOOD);
    const struct allocator_setting *first = foo->settings->pdata[0], *second = foo->settings->pdata[1];
    assert_string_equal(foo->debug, "bool: foo_is_debug");
    assert_int_equal(foo->reads->len, 2);
    assert_line(foo->reads, 0, "reset", "int: foo_get(15)");
    assert_line(foo->reads, 1, "purge_ms", "tunable: foo.purge");
    assert_int_equal(first->expectations->len, 0);
    assert_null(first->behaves);
    assert_int_equal(second->expectations->len, 2);
    assert_line(second->expectations, 0, "purge_ms", "2");
    assert_string_equal(second->behaves, "returns");
    g_autoptr(GPtrArray) old = allocator_applying(foo->reads, "208");
    g_autoptr(GPtrArray) new = allocator_applying(foo->reads, "209");
    g_autoptr(GPtrArray) expected = allocator_applying(second->expectations, "301");
    assert_int_equal(old->len, 2);
    assert_int_equal(new->len, 1);
    assert_line(new, 0, "purge_ms", "tunable: foo.purge");
    assert_int_equal(expected->len, 1);
    assert_line(expected, 0, "purge_ms", "3");
}

static void an_expectation_of_what_nothing_reads_is_refused(void **state)
{
    (void)state;
    assert_bad(SETTING "expect.x=1\n", ":5: [setting a] expect.x: ");
    assert_bad(HEAD "read.y=int: f()\n[setting a]\npolicy=default\nexpect.x@2..=1\n",
               ":6: [setting a] expect.x@2..: ");
    allocator_free(read_good("[setting a]\npolicy=default\nexpect.x=1\n" HEAD "read.x@2..=int: f()\n"));
}

static void a_bad_read_back_or_expectation_is_refused(void **state)
{
    (void)state;
    assert_bad(HEAD "read.x=\n[setting a]\npolicy=default\n", ":3: [allocator] read.x: ");
    assert_bad(HEAD "read.=f()\n[setting a]\npolicy=default\n", ":3: [allocator] read.: ");
    assert_bad(HEAD "read.a-b=f()\n[setting a]\npolicy=default\n", ":3: [allocator] read.a-b: ");
    assert_bad(HEAD "read.x@2=f()\n[setting a]\npolicy=default\n", ":3: [allocator] read.x@2: ");
    assert_bad(HEAD "read.x=int: f()\nread.x@2..=int: g()\n[setting a]\npolicy=default\n",
               ":4: [allocator] read.x@2..: ");
    assert_bad(HEAD "read.x=int: f()\n[setting a]\npolicy=default\nexpect.x=\n",
               ":6: [setting a] expect.x: ");
    assert_bad(SETTING "read.x=f()\n", ":5: [setting a] read.x: ");
    assert_bad(HEAD "expect.x=1\n[setting a]\npolicy=default\n", ":3: [allocator] expect.x: ");
    assert_bad(SETTING "behaves=nicely\n", ":5: [setting a] behaves: ");
    assert_bad(SETTING "behaves=\n", ":5: [setting a] behaves: ");
}

static void an_empty_value_of_the_allocator_is_an_absent_one(void **state)
{
    (void)state;
    g_autoptr(allocator_descriptor) foo =
        read_good("[allocator]\nsummary=s\npreload =\npurge=  \n[setting a]\npolicy=eager\n");
    assert_null(foo->preload);
    assert_null(foo->purge);
    assert_null(foo->package);
    assert_null(foo->written_for);
}

static void a_floor_is_selected_by_its_whole_name_alone(void **state)
{
    (void)state;
    g_autoptr(allocator_descriptor) floor =
        read_good("[allocator]\nsummary=s\nrole = floor\n[setting a]\npolicy=default\n");
    assert_string_equal(allocator_role(floor), "floor");
    assert_true(allocator_matches(floor, "foo"));
    assert_false(allocator_matches(floor, "*"));
    assert_false(allocator_matches(floor, "fo?"));
    g_autoptr(allocator_descriptor) other =
        read_good("[allocator]\nsummary=s\nrole =\n[setting a]\npolicy=default\n");
    assert_string_equal(allocator_role(other), "");
    assert_true(allocator_matches(other, "*") && allocator_matches(other, "fo?"));
    assert_false(allocator_matches(other, "bar"));
}

static void another_role_is_refused(void **state)
{
    (void)state;
    assert_bad(HEAD "role=ceiling\n[setting a]\npolicy=default\n", ":3: [allocator] role: \"ceiling\"");
    assert_bad(SETTING "role=floor\n", ":5: [setting a] role: ");
}

static void an_unknown_group_or_key_is_refused(void **state)
{
    (void)state;
    assert_bad("[allocator]\nsumary=s\n", ":2: [allocator] sumary: ");
    assert_bad("[allocator]\nsummary=s\nsummary[de]=s\n", ":3: [allocator] summary[de]: ");
    assert_bad("[allocator]\nsummary=s\npolicy=eager\n", ":3: [allocator] policy: ");
    assert_bad(SETTING "delay=5\n", ":5: [setting a] delay: ");
    assert_bad(SETTING "FOO=5\n", ":5: [setting a] FOO: ");
    assert_bad(HEAD "[settings a]\npolicy=eager\n", ":3: [settings a]: ");
    assert_bad(HEAD "[setting]\npolicy=eager\n", ":3: [setting]: ");
}

static void what_stands_twice_is_refused(void **state)
{
    (void)state;
    assert_bad(SETTING "[setting a]\npolicy=eager\n", ":5: [setting a]: ");
    assert_bad(SETTING "policy=eager\n", ":5: [setting a] policy: ");
    assert_bad(SETTING "env.X=1\nenv.X=2\n", ":6: [setting a] env.X: ");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_bad("", ": [allocator]: ");
    assert_bad("[setting a]\npolicy=default\n", ": [allocator]: ");
    assert_bad("[allocator]\npackage=p\n[setting a]\npolicy=default\n", ":1: [allocator] summary: ");
    assert_bad("[allocator]\nsummary=\n[setting a]\npolicy=default\n", ":2: [allocator] summary: ");
    assert_bad(HEAD, ": [setting NAME]: ");
    assert_bad(HEAD "[setting a]\ndelay-ms=5\n", ":3: [setting a] policy: ");
}

static void a_bad_value_is_refused(void **state)
{
    (void)state;
    assert_bad(HEAD "[setting a]\npolicy=often\n", ":4: [setting a] policy: ");
    assert_bad(HEAD "[setting a]\npolicy=\n", ":4: [setting a] policy: ");
    assert_bad(SETTING "delay-ms=10 s\n", ":5: [setting a] delay-ms: ");
    assert_bad(SETTING "delay-ms=-1\n", ":5: [setting a] delay-ms: ");
    assert_bad(SETTING "delay-ms=\v-1\n", ":5: [setting a] delay-ms: ");
    assert_bad(SETTING "delay-ms=\n", ":5: [setting a] delay-ms: ");
    assert_bad(SETTING "own-thread=true\n", ":5: [setting a] own-thread: ");
}

static void a_preload_is_a_soname_or_an_absolute_path(void **state)
{
    static const char *const BAD[] = {"./libfoo.so", "build/libfoo.so", "/opt/my libs/libfoo.so",
                                      "liba.so:libb.so"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_autofree char *text =
            g_strdup_printf("[allocator]\nsummary=s\npreload=%s\n[setting a]\npolicy=default\n", BAD[i]);
        assert_bad(text, ":3: [allocator] preload: ");
    }
    g_autoptr(allocator_descriptor) foo =
        read_good("[allocator]\nsummary=s\npreload=/opt/libfoo.so\n[setting a]\npolicy=default\n");
    assert_string_equal(foo->preload, "/opt/libfoo.so");
}

#define FIFTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static void names_become_file_names_and_are_held_to_it(void **state)
{
    static const char *const BAD[] = {"Big.ini", "-x.ini", "a_b.ini", "a b.ini", "\303\244.ini"};
    (void)state;
    assert_bad(HEAD "[setting A]\npolicy=default\n", ":3: [setting A]: ");
    assert_bad(HEAD "[setting a/b]\npolicy=default\n", ":3: [setting a/b]: ");
    assert_bad(HEAD "[setting  a]\npolicy=default\n", ":3: [setting  a]: ");
    assert_bad(HEAD "[setting .a]\npolicy=default\n", ":3: [setting .a]: ");
    assert_bad(HEAD "[setting ]\npolicy=default\n", ":3: [setting ]: ");
    allocator_free(read_good(HEAD "[setting " FIFTY "]\npolicy=default\n"));
    assert_bad(HEAD "[setting " FIFTY "a]\npolicy=default\n", ":3: [setting aaaaaaaaaabbbbb");
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        GError *error = NULL;
        g_autofree char *path = put(folder, BAD[i], GOOD);
        assert_null(allocator_read(path, &error));
        assert_non_null(strstr(error->message, path));
        g_error_free(error);
        g_unlink(path);
    }
}

static void a_variable_is_a_name_and_none_of_the_loaders(void **state)
{
    (void)state;
    assert_bad(SETTING "env.=1\n", ":5: [setting a] env.: ");
    assert_bad(SETTING "env.1X=1\n", ":5: [setting a] env.1X: ");
    assert_bad(SETTING "env.A-B=1\n", ":5: [setting a] env.A-B: ");
    assert_bad(SETTING "env.A B=1\n", ":5: [setting a] env.A B: ");
    assert_bad(SETTING "env.LD_PRELOAD=x.so\n", ":5: [setting a] env.LD_PRELOAD: ");
    assert_bad(SETTING "env.LD_BIND_NOW@1..=1\n", ":5: [setting a] env.LD_BIND_NOW@1..: ");
    allocator_free(read_good(SETTING "env._a1=1\nenv.LDX=1\n"));
}

static void a_malformed_version_range_is_refused(void **state)
{
    static const char *const BAD[] = {"",      "..",     "209",   "2.0.9", "1...2",    "1..2..3",
                                      "v1..2", "1.x..2", "1..2.", "2..1",  "2.10..2.9"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_autofree char *text = g_strdup_printf(SETTING "env.X@%s=1\n", BAD[i]);
        g_autofree char *place = g_strdup_printf(":5: [setting a] env.X@%s: ", BAD[i]);
        assert_bad(text, place);
    }
}

static void two_values_for_the_same_version_are_refused(void **state)
{
    (void)state;
    assert_bad(SETTING "env.X=1\nenv.X@2..=1\n", ":6: [setting a] env.X@2..: ");
    assert_bad(SETTING "env.X@2..=1\nenv.X@..2=1\n", ":6: [setting a] env.X@..2: ");
    assert_bad(SETTING "env.X@1..3=1\nenv.X@2..2=1\n", ":6: [setting a] env.X@2..2: ");
    allocator_free(read_good(SETTING "env.X@2.1..=1\nenv.X@..2.0=1\nenv.Y=1\n"));
}

static void assert_environment(const struct allocator_setting *setting, const char *version,
                               const char *expected)
{
    g_auto(GStrv) environment = allocator_environment(setting, version);
    g_autofree char *text = g_strjoinv(" ", environment);
    assert_string_equal(text, expected);
}

static void the_environment_is_that_of_the_version_ends_included(void **state)
{
    (void)state;
    g_autoptr(allocator_descriptor) foo = read_good(GOOD);
    const struct allocator_setting *setting = foo->settings->pdata[1];
    assert_environment(setting, "207", "FOO_EMPTY= FOO_CONF=decay:0,a=b FOO_RESET=1");
    assert_environment(setting, "208", "FOO_EMPTY= FOO_CONF=decay:0,a=b FOO_RESET=1");
    assert_environment(setting, "209", "FOO_EMPTY= FOO_CONF=decay:0,a=b FOO_PURGE=2");
    assert_environment(setting, "300", "FOO_EMPTY= FOO_CONF=decay:0,a=b FOO_PURGE=2");
    assert_environment(setting, "foo 301", "FOO_EMPTY= FOO_CONF=decay:0,a=b FOO_PURGE=3");
    assert_environment(foo->settings->pdata[0], "209", "");
}

static void with_an_unknown_version_only_lines_without_a_range_apply(void **state)
{
    (void)state;
    g_autoptr(allocator_descriptor) foo = read_good(GOOD);
    assert_environment(foo->settings->pdata[1], NULL, "FOO_EMPTY= FOO_CONF=decay:0,a=b");
    assert_environment(foo->settings->pdata[1], "unknown", "FOO_EMPTY= FOO_CONF=decay:0,a=b");
}

static void versions_compare_part_by_part_as_numbers(void **state)
{
    (void)state;
    assert_true(allocator_version_compare("2.10", "2.9") > 0);
    assert_true(allocator_version_compare("2.9", "2.10") < 0);
    assert_true(allocator_version_compare("2.0.9", "2.1") < 0);
    assert_true(allocator_version_compare("5.3.1", "5.3") > 0);
    assert_int_equal(allocator_version_compare("5.3.0", "5.3"), 0);
    assert_true(allocator_version_compare("99999999999", "100000000000") < 0);
}

static void text_around_the_first_dotted_number_does_not_count(void **state)
{
    (void)state;
    assert_true(allocator_version_compare("gperftools 2.10", "2.9") > 0);
    assert_int_equal(allocator_version_compare("5.3.0-0-g54eaed1d8b56", "5.3.0"), 0);
    assert_int_equal(allocator_version_compare("v2.0.9+ds-2", "2.0.9"), 0);
    assert_true(allocator_version_compare("none", "0.1") < 0);
}

static void policies_have_names_that_read_back(void **state)
{
    enum allocator_policy policy;
    (void)state;
    for (int i = ALLOCATOR_POLICY_DEFAULT; i <= ALLOCATOR_POLICY_NEVER; i++) {
        assert_true(allocator_policy_parse(allocator_policy_name((enum allocator_policy)i), &policy));
        assert_int_equal(policy, i);
    }
    assert_false(allocator_policy_parse("Eager", &policy));
}

static void an_unreadable_file_is_named(void **state)
{
    GError *error = NULL;
    (void)state;
    assert_null(allocator_read("/nonexistent/foo.ini", &error));
    assert_non_null(strstr(error->message, "/nonexistent/foo.ini"));
    assert_int_equal(error->code, EXIT_BAD_DATA);
    g_error_free(error);
}

static void the_earlier_folder_wins_and_all_are_sorted(void **state)
{
    g_autofree char *other = g_dir_make_tmp("afterfree-allocator-XXXXXX", NULL);
    const char *const dirs[] = {folder, "/nonexistent", other, NULL};
    g_autofree char *first = put(folder, "foo.ini", GOOD), *shadowed = put(other, "foo.ini", "junk");
    g_autofree char *second = put(other, "bar.ini", GOOD), *third = put(other, "zoo.ini", GOOD);
    (void)state;
    g_free(put(folder, ".#foo.ini", "junk"));
    g_free(put(folder, "README.md", "junk"));
    g_autoptr(GPtrArray) all = allocator_read_all(dirs, NULL);
    g_unlink(shadowed);
    g_unlink(second);
    g_unlink(third);
    g_rmdir(other);
    assert_non_null(all);
    assert_int_equal(all->len, 3);
    const struct allocator *bar = all->pdata[0], *foo = all->pdata[1], *zoo = all->pdata[2];
    assert_string_equal(bar->name, "bar");
    assert_string_equal(foo->path, first);
    assert_string_equal(zoo->name, "zoo");
}

static void one_bad_descriptor_is_an_error_for_all(void **state)
{
    const char *const dirs[] = {folder, NULL};
    g_autofree char *bad = put(folder, "bar.ini", "[allocator]\nx=1\n");
    GError *error = NULL;
    (void)state;
    g_free(put(folder, "foo.ini", GOOD));
    assert_null(allocator_read_all(dirs, &error));
    assert_non_null(strstr(error->message, bad));
    g_error_free(error);
}

/* The contract test of bench/allocators/: a new file is here without being named. */
static void every_descriptor_of_the_project_is_read(void **state)
{
#ifdef TEST_SOURCE_DIR
    const char *const dirs[] = {TEST_SOURCE_DIR "/bench/allocators", NULL};
    GError *error = NULL;
    (void)state;
    g_autoptr(GPtrArray) all = allocator_read_all(dirs, &error);
    if (!all)
        fail_msg("%s", error->message);
    assert_true(all->len > 0);
#else
    (void)state;
    skip();
#endif
}

/* Not by the probe that would have to run it, in a run that has begun. */
static void a_call_that_is_none_is_refused_where_it_is_written(void **state)
{
#define LAST "\n[setting a]\npolicy=default\n"
    (void)state;
    assert_bad(HEAD "purge=mallctl(arena" LAST,
               ":3: [allocator] purge: \"mallctl(arena\": mallctl takes one name");
    assert_bad(HEAD "read.x=bool garbage" LAST, ":3: [allocator] read.x: \"bool garbage\": an opening");
    assert_bad(HEAD "package=p\nversion=string: f(" LAST,
               ":4: [allocator] version: \"string: f(\": an argument");
    assert_bad(HEAD "debug=int:" LAST, ":3: [allocator] debug: \"int:\": a function name");
    assert_bad(HEAD "version=tunable: x.y" LAST, ":3: [allocator] version: \"tunable: x.y\": ");
}

static void what_tells_has_a_type_and_what_acts_has_none(void **state)
{
    (void)state;
    assert_bad(HEAD "read.x@2..=abs()" LAST,
               ":3: [allocator] read.x@2..: \"abs()\": nothing is read back: write");
    assert_bad(HEAD "version=mallctl(\"version\")" LAST, ":3: [allocator] version: \"mallctl");
    assert_bad(HEAD "debug=f();g()" LAST, ":3: [allocator] debug: \"f();g()\": nothing is read back: write");
    assert_bad(HEAD "purge=int: mallctl(\"p\")" LAST,
               ":3: [allocator] purge: \"int: mallctl(\"p\")\": a type makes");
    assert_bad(HEAD "purge=f();bool: done" LAST, ":3: [allocator] purge: \"f();bool: done\": a type makes");
    allocator_free(read_good(HEAD "read.x=update(); int: f()\npurge=f();g(1)\nversion=\ndebug=" LAST));
}

static void an_allocator_may_be_built_into_programs(void **state)
{
    (void)state;
    g_autoptr(allocator_descriptor) own = read_good(
        HEAD "programs = Own_map  own-api\ncollect = rt.GC()\npurge = rt.Free()\nheadroom = 2.25" LAST);
    assert_int_equal(g_strv_length(own->programs), 2);
    assert_true(allocator_has_program(own, "Own_map") && allocator_has_program(own, "own-api"));
    assert_false(allocator_has_program(own, "own"));
    assert_string_equal(own->collect, "rt.GC()");
    assert_true(own->headroom == 2.25);
    g_autoptr(allocator_descriptor) other = read_good(HEAD "programs =\ncollect =\nheadroom =" LAST);
    assert_null(other->programs);
    assert_null(other->collect);
    assert_true(other->headroom == ALLOCATOR_HEADROOM);
    assert_false(allocator_has_program(other, "null"));
}

static void what_is_built_in_is_neither_preloaded_nor_a_floor(void **state)
{
    (void)state;
    assert_bad(HEAD "programs = own\npreload = libown.so" LAST,
               ":3: [allocator] programs: an allocator that is built into programs has no preload");
    assert_bad(HEAD "role = floor\nprograms = own" LAST,
               ":4: [allocator] programs: an allocator that is built into programs has no role");
    assert_bad(HEAD "programs = own ../own" LAST,
               ":3: [allocator] programs: \"../own\" is no name of a workload");
    assert_bad(HEAD "headroom = 0.9" LAST, ":3: [allocator] headroom: \"0.9\" is no number from 1 to 100");
    assert_bad(HEAD "headroom = 2x" LAST, ":3: [allocator] headroom: \"2x\"");
    assert_bad(HEAD "headroom = nan" LAST, ":3: [allocator] headroom: \"nan\"");
    assert_bad(HEAD "collect=int: f()" LAST, ":3: [allocator] collect: \"int: f()\": a type makes");
}

static void a_tunable_has_a_name_as_the_loader_lists_it(void **state)
{
    (void)state;
    allocator_free(read_good(HEAD "read.x=tunable:glibc.malloc.x_2" LAST));
    assert_bad(HEAD "read.x=tunable:" LAST, ":3: [allocator] read.x: \"tunable:\": a tunable's name");
    assert_bad(HEAD "read.x=tunable: glibc.malloc.X" LAST,
               ":3: [allocator] read.x: \"tunable: glibc.malloc.X\"");
    assert_bad(HEAD "read.x=tunable: glibc.a b" LAST,
               ":3: [allocator] read.x: \"tunable: glibc.a b\": a tunable");
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_descriptor_is_read_whole),
        TEST(settings_and_variables_keep_the_order_of_the_file),
        TEST(a_descriptor_says_what_is_read_back_and_what_is_expected),
        TEST(an_expectation_of_what_nothing_reads_is_refused),
        TEST(a_bad_read_back_or_expectation_is_refused),
        TEST(an_empty_value_of_the_allocator_is_an_absent_one),
        TEST(a_floor_is_selected_by_its_whole_name_alone),
        TEST(another_role_is_refused),
        TEST(an_unknown_group_or_key_is_refused),
        TEST(what_stands_twice_is_refused),
        TEST(what_is_missing_is_named),
        TEST(a_bad_value_is_refused),
        TEST(a_preload_is_a_soname_or_an_absolute_path),
        TEST(names_become_file_names_and_are_held_to_it),
        TEST(a_variable_is_a_name_and_none_of_the_loaders),
        TEST(a_malformed_version_range_is_refused),
        TEST(two_values_for_the_same_version_are_refused),
        TEST(the_environment_is_that_of_the_version_ends_included),
        TEST(with_an_unknown_version_only_lines_without_a_range_apply),
        TEST(versions_compare_part_by_part_as_numbers),
        TEST(text_around_the_first_dotted_number_does_not_count),
        TEST(a_call_that_is_none_is_refused_where_it_is_written),
        TEST(what_tells_has_a_type_and_what_acts_has_none),
        TEST(an_allocator_may_be_built_into_programs),
        TEST(what_is_built_in_is_neither_preloaded_nor_a_floor),
        TEST(a_tunable_has_a_name_as_the_loader_lists_it),
        TEST(policies_have_names_that_read_back),
        TEST(an_unreadable_file_is_named),
        TEST(the_earlier_folder_wins_and_all_are_sorted),
        TEST(one_bad_descriptor_is_an_error_for_all),
        TEST(every_descriptor_of_the_project_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
