#include "driver/decimal.h"

#include <stdint.h>
#include <string.h>

#include "driver/mark.h"

#define DIGITS 9
#define PLAIN_MAX 15 /* digits before or behind the point; beyond it an exponent is clearer */

/* number = mantissa × 10^exponent, with a mantissa of at most DIGITS digits that ends in no zero. */
static uint64_t scale(double number, int *exponent)
{
    *exponent = 0;
    for (; number >= 1e9; ++*exponent)
        number /= 10;
    for (; number < 1e8; --*exponent)
        number *= 10;
    uint64_t mantissa = (uint64_t)(number + 0.5);
    for (; mantissa % 10 == 0; ++*exponent)
        mantissa /= 10;
    return mantissa;
}

static char *append(char *at, const char *text, size_t length)
{
    memcpy(at, text, length);
    at[length] = '\0';
    return at + length;
}

static char *append_zeroes(char *at, int count)
{
    while (count-- > 0)
        at = append(at, "0", 1);
    return at;
}

static void write_finite(char *at, double number)
{
    char digits[MARK_NUMBER_MAX];
    int exponent;
    uint64_t mantissa = scale(number, &exponent);
    int count = (int)mark_number(digits, mantissa), before_point = count + exponent;
    if (exponent >= 0 && before_point <= PLAIN_MAX) {
        append_zeroes(append(at, digits, (size_t)count), exponent);
    } else if (exponent < 0 && before_point > 0) {
        at = append(append(at, digits, (size_t)before_point), ".", 1);
        append(at, digits + before_point, (size_t)-exponent);
    } else if (exponent < 0 && -exponent <= PLAIN_MAX) {
        append(append_zeroes(append(at, "0.", 2), -before_point), digits, (size_t)count);
    } else {
        at = append(append(at, digits, (size_t)count), exponent < 0 ? "e-" : "e+", 2);
        mark_number(at, (uint64_t)(exponent < 0 ? -exponent : exponent));
    }
}

void decimal_write(char text[DECIMAL_MAX], double number)
{
    if (number != number) {
        append(text, "nan", 3);
        return;
    }
    if (number < 0) {
        *text++ = '-';
        number = -number;
    }
    if (number > 1.7976931348623157e308)
        append(text, "inf", 3);
    else if (number == 0)
        append(text, "0", 1);
    else
        write_finite(text, number);
}
