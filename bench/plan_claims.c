/* plan_claims_match of plan_cells.h. */
#include "claim.h"
#include "error.h"
#include "plan_cells.h"

static bool matches_any_cell(const char *glob, const GPtrArray *cells)
{
    for (guint i = 0; i < cells->len; i++)
        if (g_pattern_match_simple(glob, ((struct plan_cell *)cells->pdata[i])->name))
            return true;
    return false;
}

bool plan_claims_match(const struct plan *plan, const GPtrArray *cells, GError **error)
{
    for (guint i = 0; i < plan->claims->len; i++) {
        const struct claim *claim = plan->claims->pdata[i];
        g_autofree char *group = g_strconcat("claim ", claim->name, NULL);
        for (char **glob = claim->cells; *glob; glob++)
            if (!matches_any_cell(*glob, cells))
                return ini_refuse(plan->ini, group, "cells", error, "\"%s\" matches no cell of the plan",
                                  *glob);
    }
    return true;
}
