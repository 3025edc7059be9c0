/* decimal.h: a double as text without stdio, which allocates. */
#ifndef DECIMAL_H
#define DECIMAL_H

#define DECIMAL_MAX 32

/* Nine significant digits, without trailing zeroes: "10" "0.5" "-1" "1e+30"; "inf", "-inf", "nan". */
void decimal_write(char text[DECIMAL_MAX], double number);

#endif
