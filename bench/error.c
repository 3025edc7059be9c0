#include "error.h"

bool error_refuse(GError **error, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, AFTERFREE_ERROR, code, text);
    return false;
}
