/* conditions.h: what the kernel's words mean, the bounds, and that each is told once. No machine is asked. */
#include "allocator.h"
#include "conditions.h"
#include "support.h"

#define S UINT64_C(1000000000)
#define MS UINT64_C(1000000)
#define GB UINT64_C(1000000000)

/* --- parsers --- */

static void the_first_line_of_stat_is_split_into_busy_stolen_and_all_time(void **state)
{
    (void)state;
    /* user nice system idle iowait irq softirq steal guest guest_nice; guest is part of user */
    static const char text[] = "cpu  100 20 30 1000 50 3 7 40 99 99\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
    struct conditions_reading reading;
    assert_true(conditions_parse_stat(text, 10 * MS, &reading));
    assert_int_equal(reading.busy_cpu_ns, (100 + 20 + 30 + 3 + 7) * 10 * MS);
    assert_int_equal(reading.steal_ns, 40 * 10 * MS);
    assert_int_equal(reading.total_cpu_ns, (160 + 1000 + 50 + 40) * 10 * MS);
    assert_false(conditions_parse_stat("cpu  100 20 30\n", 10 * MS, &reading));
    assert_false(conditions_parse_stat("", 10 * MS, &reading));
}

static void a_count_is_found_by_its_whole_name(void **state)
{
    (void)state;
    uint64_t value = 0;
    static const char text[] = "thp_pswpin 1\npswpin 12\npswpinner 2\npswpout 34\n";
    assert_true(conditions_parse_count(text, "pswpin", &value));
    assert_int_equal(value, 12);
    assert_true(conditions_parse_count(text, "pswpout", &value));
    assert_int_equal(value, 34);
    assert_false(conditions_parse_count(text, "pswp", &value));
    assert_false(conditions_parse_count("", "pswpin", &value));
}

/* --- a calm machine of two CPUs and 16 GB, and a run of 10 s on it that took 3 s of CPU time --- */

struct scene {
    struct conditions_reading before, after;
    struct record record;
    enum thp_mode asked;
};

static void calm(struct scene *scene)
{
    const struct conditions_reading before = {.at_ns = 100 * S,
                                              .total_cpu_ns = 1000 * S,
                                              .busy_cpu_ns = 300 * S,
                                              .steal_ns = 5 * S,
                                              .own_cpu_ns = 20 * S,
                                              .own_rss_bytes = 1 * GB,
                                              .swap_in_bytes = 4096,
                                              .swap_out_bytes = 8192,
                                              .khugepaged_collapsed = 7,
                                              .reported_bytes = 1 * GB,
                                              .memory_bytes = 16 * GB,
                                              .available_bytes = 14 * GB,
                                              .limit_bytes = RECORD_UNKNOWN,
                                              .overcommit = 0,
                                              .thp = THP_MADVISE,
                                              .governor = "performance"};
    *scene = (struct scene){.before = before, .after = before};
    scene->after.at_ns += 10 * S;
    scene->after.total_cpu_ns += 20 * S;
    scene->after.busy_cpu_ns += 3 * S + 50 * MS;
    scene->after.own_cpu_ns += 3 * S;
    scene->record = (struct record){
        .allocator = g_strdup("one"), .cell = g_strdup("one/default/null/s"), .status = g_strdup("ok")};
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        scene->record.numbers[i] = RECORD_UNKNOWN;
    scene->record.numbers[RECORD_silent_huge_rise_bytes] = 0;
    scene->record.numbers[RECORD_build_sys_ns_per_fault] = 1500;
}

/* The words of the row, as conditions_see_run sets them. */
static void assert_words(struct scene *scene, const char *words)
{
    struct conditions *conditions = conditions_new();
    conditions_see_run(conditions, &scene->before, &scene->after, scene->asked, &scene->record);
    assert_string_equal(scene->record.conditions, words);
    assert_true(conditions_any_arose(conditions) == (*words != '\0'));
    conditions_free(conditions);
    record_clear(&scene->record);
}

static void a_calm_run_has_no_words(void **state)
{
    (void)state;
    struct scene scene;
    calm(&scene);
    assert_words(&scene, "");
}

static void what_a_kernel_does_not_tell_is_no_condition(void **state)
{
    (void)state;
    struct scene scene;
    calm(&scene);
    const struct conditions_reading silent = {.at_ns = 100 * S,
                                              .total_cpu_ns = RECORD_UNKNOWN,
                                              .busy_cpu_ns = RECORD_UNKNOWN,
                                              .steal_ns = RECORD_UNKNOWN,
                                              .swap_in_bytes = RECORD_UNKNOWN,
                                              .swap_out_bytes = RECORD_UNKNOWN,
                                              .khugepaged_collapsed = RECORD_UNKNOWN,
                                              .reported_bytes = RECORD_UNKNOWN,
                                              .memory_bytes = RECORD_UNKNOWN,
                                              .available_bytes = RECORD_UNKNOWN,
                                              .swap_bytes = RECORD_UNKNOWN,
                                              .limit_bytes = RECORD_UNKNOWN,
                                              .overcommit = RECORD_UNKNOWN,
                                              .thp = THP_NEVER};
    scene.before = scene.after = silent;
    scene.record.numbers[RECORD_silent_huge_rise_bytes] = RECORD_UNKNOWN;
    scene.record.numbers[RECORD_build_sys_ns_per_fault] = RECORD_UNKNOWN;
    assert_words(&scene, "");
}

/* Both sides of each bound. */
#define BOUND(change_below, change_above, words)                                                             \
    do {                                                                                                     \
        struct scene scene;                                                                                  \
        calm(&scene);                                                                                        \
        change_below;                                                                                        \
        assert_words(&scene, "");                                                                            \
        calm(&scene);                                                                                        \
        change_above;                                                                                        \
        assert_words(&scene, words);                                                                         \
    } while (0)

static void load_is_what_others_took_of_the_machine_above_its_bound(void **state)
{
    (void)state;
    /* 20 s of CPU time in all: 5 % are 1 s */
    BOUND(scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 4 * S,
          scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 4 * S + 1 * MS, "load");
    /* our own work is not load */
    BOUND(scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 13 * S;
          scene.after.own_cpu_ns = scene.before.own_cpu_ns + 13 * S,
          scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 13 * S, "load");
    /* and in a short run a few ticks are none */
    BOUND(scene.after.total_cpu_ns = scene.before.total_cpu_ns + 1 * S;
          scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 3 * S + 100 * MS,
          scene.after.total_cpu_ns = scene.before.total_cpu_ns + 1 * S;
          scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 3 * S + 101 * MS, "load");
}

static void steal_is_measured_against_the_cpu_time_asked_for(void **state)
{
    (void)state;
    /* 3.8 s got and 0.2 s stolen: 5 % */
    BOUND(scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 3800 * MS;
          scene.after.steal_ns = scene.before.steal_ns + 200 * MS,
          scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 3790 * MS;
          scene.after.steal_ns = scene.before.steal_ns + 210 * MS, "steal");
    BOUND(scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 100 * MS;
          scene.after.steal_ns = scene.before.steal_ns + 50 * MS,
          scene.after.busy_cpu_ns = scene.before.busy_cpu_ns + 100 * MS;
          scene.after.steal_ns = scene.before.steal_ns + 51 * MS, "steal");
}

static void one_page_swapped_is_enough(void **state)
{
    (void)state;
    BOUND((void)0, scene.after.swap_in_bytes += 4096, "swapped");
    BOUND((void)0, scene.after.swap_out_bytes += 4096, "swapped");
}

static void huge_pages_that_came_in_silence_are_khugepageds(void **state)
{
    (void)state;
    /* that it works elsewhere on the machine is no condition of this run */
    BOUND(scene.after.khugepaged_collapsed += 9,
          scene.record.numbers[RECORD_silent_huge_rise_bytes] = 2 << 20, "khugepaged");
}

static void a_fault_above_its_bound_is_slow(void **state)
{
    (void)state;
    BOUND(scene.record.numbers[RECORD_build_sys_ns_per_fault] = CONDITIONS_FAULT_NS,
          scene.record.numbers[RECORD_build_sys_ns_per_fault] = CONDITIONS_FAULT_NS + 1, "slow-faults");
    /* a hypervisor that takes free pages back is none by itself */
    BOUND(scene.after.reported_bytes += 5 * GB, scene.after.swap_in_bytes += 1, "swapped");
}

static void what_stands_has_its_bounds_too(void **state)
{
    (void)state;
    BOUND(scene.before.overcommit = 1, scene.before.overcommit = 2, "overcommit");
    BOUND(scene.before.swap_bytes = 0, scene.before.swap_bytes = 4096, "swap-on");
    BOUND(scene.before.limit_bytes = 16 * GB, scene.before.limit_bytes = 16 * GB - 1, "limit");
    /* 16 GB less 1 GB of ours: others may hold 4 GB */
    BOUND(scene.before.available_bytes = 11 * GB, scene.before.available_bytes = 11 * GB - 1, "memory");
    BOUND(scene.before.governor[0] = '\0', strcpy(scene.before.governor, "powersave"), "governor");
}

static void always_is_a_condition_only_for_a_cell_that_does_not_ask_for_a_mode(void **state)
{
    (void)state;
    BOUND(scene.before.thp = scene.after.thp = THP_ALWAYS;
          scene.asked = THP_ALWAYS, scene.before.thp = scene.after.thp = THP_ALWAYS, "thp-always");
}

static void a_mode_changed_in_mid_run_matters_to_all_but_those_that_asked_for_never(void **state)
{
    (void)state;
    BOUND(scene.after.thp = THP_NEVER; scene.asked = THP_NEVER, scene.after.thp = THP_NEVER, "thp-changed");
}

/* --- the row --- */

static void a_row_has_what_was_counted_over_its_run(void **state)
{
    (void)state;
    struct scene scene;
    calm(&scene);
    scene.after.steal_ns += 3 * MS;
    scene.after.swap_in_bytes += 4096;
    scene.after.khugepaged_collapsed += 2;
    scene.after.reported_bytes += 2 * GB;
    conditions_measure(&scene.record, &scene.before, &scene.after, THP_AS_IS);
    const uint64_t *numbers = scene.record.numbers;
    assert_int_equal(numbers[RECORD_elapsed_ms], 10000);
    assert_int_equal(numbers[RECORD_others_cpu_ns], 50 * MS);
    assert_int_equal(numbers[RECORD_steal_ns], 3 * MS);
    assert_int_equal(numbers[RECORD_swap_in_bytes], 4096);
    assert_int_equal(numbers[RECORD_swap_out_bytes], 0);
    assert_int_equal(numbers[RECORD_khugepaged_collapsed], 2);
    assert_int_equal(numbers[RECORD_reported_bytes], 2 * GB);
    assert_int_equal(numbers[RECORD_available_bytes], 14 * GB);
    assert_string_equal(scene.record.thp, "madvise");
    scene.before.reported_bytes = RECORD_UNKNOWN;
    conditions_measure(&scene.record, &scene.before, &scene.after, THP_NEVER);
    assert_true(numbers[RECORD_reported_bytes] == RECORD_UNKNOWN);
    assert_string_equal(scene.record.thp, "never");
    record_clear(&scene.record);
}

static void a_debug_build_is_in_the_rows_of_its_allocator_only(void **state)
{
    (void)state;
    struct conditions *conditions = conditions_new();
    struct scene scene;
    conditions_see_build(conditions, "two", false);
    assert_false(conditions_any_stands(conditions));
    conditions_see_build(conditions, "one", true);
    assert_true(conditions_any_stands(conditions));
    for (int i = 0; i < 2; i++) {
        calm(&scene);
        g_free(scene.record.allocator);
        scene.record.allocator = g_strdup(i == 0 ? "one" : "two");
        conditions_see_run(conditions, &scene.before, &scene.after, THP_AS_IS, &scene.record);
        assert_string_equal(scene.record.conditions, i == 0 ? "debug-build" : "");
        record_clear(&scene.record);
    }
    conditions_free(conditions);
}

static void kept_rows_count_and_the_worst_is_of_those_seen_since(void **state)
{
    (void)state;
    struct conditions *conditions = conditions_new();
    g_autoptr(GKeyFile) file = g_key_file_new();
    struct scene scene;
    conditions_see_kept(conditions, "");
    assert_false(conditions_any_arose(conditions));
    conditions_see_kept(conditions, "steal load");
    assert_true(conditions_any_arose(conditions));
    calm(&scene);
    scene.after.busy_cpu_ns += 10 * S; /* others: 10.05 of 20 s */
    conditions_see_run(conditions, &scene.before, &scene.after, THP_AS_IS, &scene.record);
    conditions_describe(conditions, file, "conditions 2");
    g_autofree char *load = g_key_file_get_string(file, "conditions 2", "load", NULL);
    g_autofree char *steal = g_key_file_get_string(file, "conditions 2", "steal", NULL);
    assert_true(g_str_has_prefix(load, "2 of 3 runs, worst since 50 %"));
    assert_string_equal(steal, "1 of 3 runs");
    record_clear(&scene.record);
    conditions_free(conditions);
}

/* --- our environment --- */

static GPtrArray *some_allocators(const char *folder)
{
    g_autofree char *path =
        support_new_file(folder, "allocators/one.ini",
                         "[allocator]\nsummary = one\n[setting default]\npolicy = default\n"
                         "[setting fast]\npolicy = eager\nenv.ONE_CONF = a\n"
                         "env.ONE_NEW@5..=b\n");
    g_autofree char *dir = g_path_get_dirname(path);
    const char *const dirs[] = {dir, NULL};
    GPtrArray *allocators = allocator_read_all(dirs, NULL);
    assert_non_null(allocators);
    return allocators;
}

static void assert_environment(const char *folder, const char *const *environment, const char *told)
{
    g_autoptr(GPtrArray) allocators = some_allocators(folder);
    struct conditions *conditions = conditions_new();
    g_autoptr(GKeyFile) file = g_key_file_new();
    conditions_see_environment(conditions, (char *const *)(uintptr_t)environment, allocators);
    conditions_describe(conditions, file, "conditions");
    g_autofree char *names = g_key_file_get_string(file, "conditions", "environment", NULL);
    assert_string_equal(names ? names : "", told);
    assert_true(conditions_any_stands(conditions) == (*told != '\0'));
    conditions_free(conditions);
}
#define ENVIRONMENT(...) ((const char *const[]){__VA_ARGS__, NULL})

static void variables_of_any_setting_and_the_preload_are_told_by_name(void **state)
{
    assert_environment(*state, ENVIRONMENT("HOME=/", "PATH=/bin"), "");
    assert_environment(*state, ENVIRONMENT("HOME=/", "ONE_CONF=x", "LD_PRELOAD=libx.so"),
                       "ONE_CONF LD_PRELOAD");
    assert_environment(*state, ENVIRONMENT("ONE_NEW="), "ONE_NEW");
    assert_environment(*state, ENVIRONMENT("ONE_CONFIG=x", "ONE_CON=x", "LD_PRELOAD="), "");
}

/* --- told once --- */

static guint count_of(const char *text, const char *part)
{
    guint count = 0;
    while ((text = strstr(text, part))) {
        count++;
        text += strlen(part);
    }
    return count;
}

static char *printed(const struct conditions *conditions,
                     void (*print)(const struct conditions *conditions, FILE *out))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    print(conditions, out);
    fclose(out);
    return text;
}

/* A swap that stands, and three runs: two with load, one of them with swapping. */
static struct conditions *eventful(void)
{
    struct conditions *conditions = conditions_new();
    for (int i = 0; i < 3; i++) {
        struct scene scene;
        calm(&scene);
        scene.before.swap_bytes = scene.after.swap_bytes = 2 * GB;
        if (i == 0)
            conditions_see_machine(conditions, &scene.before, THP_AS_IS);
        if (i > 0)
            scene.after.busy_cpu_ns += (uint64_t)(6 - 2 * i) * S; /* 20 %, 10 % */
        if (i == 2)
            scene.after.swap_out_bytes += 8192;
        scene.record.cell[0] = (char)('a' + i);
        conditions_see_run(conditions, &scene.before, &scene.after, THP_AS_IS, &scene.record);
        record_clear(&scene.record);
    }
    return conditions;
}

static void each_is_told_once_what_stands_first_and_what_arose_with_its_count_and_worst(void **state)
{
    (void)state;
    struct conditions *conditions = eventful();
    g_autofree char *standing = printed(conditions, conditions_print_standing);
    g_autofree char *arisen = printed(conditions, conditions_print_arisen);
    assert_int_equal(count_of(standing, "\n"), 1);
    support_assert_has(standing, "swap-on (2.00 GB)");
    support_assert_has(standing, "swapoff -a");
    assert_int_equal(count_of(arisen, "\n"), 2); /* not the swap again, though it is in each row */
    support_assert_has(arisen, "load in 2 of 3 runs, worst 20 % of the machine's CPU time in bne/default");
    support_assert_has(arisen, "swapped in 1 of 3 runs, worst 8.19 kB");
    conditions_free(conditions);
}

static void machine_ini_has_them_all(void **state)
{
    (void)state;
    struct conditions *conditions = eventful();
    g_autoptr(GKeyFile) file = g_key_file_new();
    conditions_describe(conditions, file, "conditions");
    g_autofree char *standing = g_key_file_get_string(file, "conditions", "standing", NULL);
    g_autofree char *swap = g_key_file_get_string(file, "conditions", "swap-on", NULL);
    g_autofree char *load = g_key_file_get_string(file, "conditions", "load", NULL);
    assert_string_equal(standing, "swap-on");
    assert_string_equal(swap, "2.00 GB");
    assert_true(g_str_has_prefix(load, "2 of 3 runs"));
    assert_false(g_key_file_has_key(file, "conditions", "steal", NULL));
    conditions_free(conditions);
}

static void a_row_that_is_not_ok_is_not_counted(void **state)
{
    (void)state;
    struct conditions *conditions = conditions_new();
    struct scene scene;
    calm(&scene);
    g_free(scene.record.status);
    scene.record.status = g_strdup("failed");
    scene.after.swap_in_bytes += 4096;
    conditions_see_run(conditions, &scene.before, &scene.after, THP_AS_IS, &scene.record);
    assert_string_equal(scene.record.conditions, "swapped");
    assert_false(conditions_any_arose(conditions));
    record_clear(&scene.record);
    conditions_free(conditions);
}

static void every_condition_has_a_word_of_its_own(void **state)
{
    (void)state;
    g_autoptr(GHashTable) words = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < CONDITION_COUNT; i++) {
        const char *word = conditions_word((enum condition)i);
        assert_true(word && *word && !strchr(word, ' '));
        assert_true(g_hash_table_add(words, (gpointer)(uintptr_t)word));
        g_autofree char *documented = support_read(TEST_SOURCE_DIR "/results", "README.md");
        g_autofree char *quoted = g_strdup_printf("`%s`", word);
        support_assert_has(documented, quoted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_of_stat_is_split_into_busy_stolen_and_all_time),
        cmocka_unit_test(a_count_is_found_by_its_whole_name),
        cmocka_unit_test(a_calm_run_has_no_words),
        cmocka_unit_test(what_a_kernel_does_not_tell_is_no_condition),
        cmocka_unit_test(load_is_what_others_took_of_the_machine_above_its_bound),
        cmocka_unit_test(steal_is_measured_against_the_cpu_time_asked_for),
        cmocka_unit_test(one_page_swapped_is_enough),
        cmocka_unit_test(huge_pages_that_came_in_silence_are_khugepageds),
        cmocka_unit_test(a_fault_above_its_bound_is_slow),
        cmocka_unit_test(what_stands_has_its_bounds_too),
        cmocka_unit_test(always_is_a_condition_only_for_a_cell_that_does_not_ask_for_a_mode),
        cmocka_unit_test(a_mode_changed_in_mid_run_matters_to_all_but_those_that_asked_for_never),
        cmocka_unit_test(a_row_has_what_was_counted_over_its_run),
        cmocka_unit_test(a_debug_build_is_in_the_rows_of_its_allocator_only),
        cmocka_unit_test(kept_rows_count_and_the_worst_is_of_those_seen_since),
        SUPPORT_TEST(variables_of_any_setting_and_the_preload_are_told_by_name),
        cmocka_unit_test(each_is_told_once_what_stands_first_and_what_arose_with_its_count_and_worst),
        cmocka_unit_test(machine_ini_has_them_all),
        cmocka_unit_test(a_row_that_is_not_ok_is_not_counted),
        cmocka_unit_test(every_condition_has_a_word_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
