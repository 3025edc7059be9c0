/* price_rows.h: the proven rounds of a price_cell, between price.c and price_judge.c. */
#ifndef AFTERFREE_PRICE_ROWS_H
#define AFTERFREE_PRICE_ROWS_H

#include "price.h"

struct price_row {
    const char *repeat;           /* the round; owned by the table of rows */
    double cpu_ns[PRICE_FIGURES]; /* NAN: not measured */
};

/* Of columns: "build", … "cycle". */
extern const char *const price_figure_names[PRICE_FIGURES];

#endif
