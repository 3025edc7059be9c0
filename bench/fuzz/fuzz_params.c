/* A workload's arguments (inside), one a line: refused with the argument, or within the bounds the driver
 * counts on, and the same when written again. */
#include "driver/params.h"
#include "fuzz.h"

static char **write_params(const struct params *params)
{
    static const char *const orders[] = {"insertion", "reverse", "hash"}, *const removals[] = {"free",
                                                                                               "delete"};
    const struct shape *shape = &params->shape;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GString) walk = g_string_new("walk=");
    for (unsigned i = 0; i < params->steps; i++) {
        enum phase phase = params->walk[i].phase;
        g_string_append_printf(walk, "%s%s", i > 0 ? "," : "", params_phase_names[phase]);
        if (phase == PHASE_silent || phase == PHASE_ticking)
            g_string_append_printf(walk, ":%u", params->walk[i].window_ms);
    }
    char *texts[] = {
        g_strdup_printf("records=%" G_GUINT64_FORMAT, shape->records),
        g_strdup_printf("strings=%u..%u", shape->strings_min, shape->strings_max),
        g_strdup_printf("length=%u..%u", shape->length_min, shape->length_max),
        g_strdup_printf("order=%s", orders[shape->order]),
        g_strdup_printf("removal=%s", removals[shape->removal]),
        g_strdup_printf("survivors_ppm=%u", shape->survivors_ppm),
        g_strdup_printf("seed=%" G_GUINT64_FORMAT, shape->seed),
        g_strdup(walk->str),
        g_strdup_printf("purge=%s", params->purge ? params->purge : ""),
        g_strdup_printf("collect=%s", params->collect ? params->collect : ""),
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_strv_builder_add(builder, texts[i]);
        g_free(texts[i]);
    }
    return g_strv_builder_end(builder);
}

static void assert_in_bounds(const struct params *params)
{
    const struct shape *shape = &params->shape;
    g_assert_cmpuint(shape->records, <=, UINT32_MAX);
    g_assert_true(shape->strings_min <= shape->strings_max && shape->strings_max <= 1u << 20);
    g_assert_true(shape->length_min <= shape->length_max && shape->length_max <= 1u << 24);
    g_assert_true(shape->order <= ORDER_HASH && shape->removal <= REMOVAL_DELETE);
    g_assert_cmpuint(shape->survivors_ppm, <=, 1000000);
    g_assert_true(params->steps >= 1 && params->steps <= PROTOCOL_WALK_MAX);
    for (unsigned i = 0; i < params->steps; i++) {
        enum phase phase = params->walk[i].phase;
        g_assert_true(phase > PHASE_baseline && phase < PHASE_end);
        g_assert_true(phase != PHASE_purge || params->purge);
        g_assert_true(phase != PHASE_collect || params->collect);
        g_assert_true(phase == PHASE_silent || phase == PHASE_ticking || params->walk[i].window_ms == 0);
    }
}

static void assert_same(const struct params *a, const struct params *b)
{
    const struct shape *first = &a->shape, *second = &b->shape;
    g_assert_true(first->records == second->records && first->seed == second->seed);
    g_assert_true(first->strings_min == second->strings_min && first->strings_max == second->strings_max);
    g_assert_true(first->length_min == second->length_min && first->length_max == second->length_max);
    g_assert_true(first->order == second->order && first->removal == second->removal);
    g_assert_cmpuint(first->survivors_ppm, ==, second->survivors_ppm);
    g_assert_cmpstr(a->purge, ==, b->purge);
    g_assert_cmpstr(a->collect, ==, b->collect);
    g_assert_cmpuint(a->steps, ==, b->steps);
    for (unsigned i = 0; i < a->steps; i++)
        g_assert_true(a->walk[i].phase == b->walk[i].phase && a->walk[i].window_ms == b->walk[i].window_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) arguments = g_strsplit(text, "\n", -1);
    struct params params, again;
    const char *culprit = NULL, *wrong = params_read(&params, arguments, &culprit);
    if (wrong) {
        g_assert_true(*wrong && culprit);
        g_assert_true(g_strv_contains((const char *const *)arguments, culprit) ||
                      strcmp(culprit, "purge") == 0 || strcmp(culprit, "collect") == 0);
        return 0;
    }
    assert_in_bounds(&params);
    g_auto(GStrv) written = write_params(&params);
    wrong = params_read(&again, written, &culprit);
    g_assert_cmpstr(wrong, ==, NULL);
    assert_same(&params, &again);
    return 0;
}
