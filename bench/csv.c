#include "csv.h"

#include "allowance.h"
#include "error.h"
#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file's text, unquoted and cut into strings in place. */
struct csv {
    char *text;
    GPtrArray *fields; /* of char * into text: the header's, then row after row */
    GArray *starts; /* of guint: index of each line's first field; [0] is the header; one more at the end */
};

struct cursor {
    char *at, *end; /* the last byte before end is LF */
    guint line;
    const char *problem;
};

static struct csv *csv_new(char *text)
{
    struct csv *csv = g_new0(struct csv, 1);
    csv->text = text;
    csv->fields = g_ptr_array_new();
    csv->starts = g_array_new(FALSE, FALSE, sizeof(guint));
    return csv;
}

void csv_free(struct csv *csv)
{
    if (!csv)
        return;
    g_free(csv->text);
    g_ptr_array_unref(csv->fields);
    g_array_unref(csv->starts);
    g_free(csv);
}

static guint start_of(const struct csv *csv, guint line)
{
    return g_array_index(csv->starts, guint, line);
}

/* Both return where the field ends (at a comma or line end, if all is well), or NULL and a problem. */
static char *end_of_plain(struct cursor *cursor)
{
    char *at = cursor->at;
    for (; *at != ',' && *at != '\n' && !(*at == '\r' && at[1] == '\n'); at++) {
        if (*at == '"') {
            cursor->problem = "a quote inside a field that does not begin with one";
            return NULL;
        }
    }
    return at;
}

static char *end_of_quoted(struct cursor *cursor, guint *line_feeds)
{
    char *to = cursor->at;
    for (char *from = to + 1; from < cursor->end; from++) {
        if (*from == '"' && *++from != '"') {
            *to = '\0';
            return from;
        }
        *line_feeds += *from == '\n';
        *to++ = *from;
    }
    cursor->problem = "a quote that is never closed";
    return NULL;
}

/* Returns what ended the field, ',' or LF; or 0 and a problem, with the cursor's line where the field began.
 */
static char take_field(struct cursor *cursor, GPtrArray *fields)
{
    guint line_feeds = 0;
    g_ptr_array_add(fields, cursor->at);
    char *stop = *cursor->at == '"' ? end_of_quoted(cursor, &line_feeds) : end_of_plain(cursor);
    if (!stop)
        return 0;
    char *next = *stop == '\r' ? stop + 1 : stop;
    char delimiter = *next;
    if (delimiter != ',' && delimiter != '\n') {
        cursor->problem = "text after a closing quote";
        return 0;
    }
    *stop = '\0';
    cursor->at = next + 1;
    cursor->line += line_feeds + (delimiter == '\n');
    return delimiter;
}

static bool take_row(struct cursor *cursor, struct csv *csv)
{
    guint first = csv->fields->len, line = cursor->line;
    char delimiter;
    g_array_append_val(csv->starts, first);
    while ((delimiter = take_field(cursor, csv->fields)) == ',')
        continue;
    if (delimiter == 0)
        return false;
    if (csv->starts->len > 1 && csv->fields->len - first > start_of(csv, 1)) {
        cursor->line = line;
        cursor->problem = "more fields than the header has";
        return false;
    }
    return true;
}

static bool fail_at(const char *path, guint line, const char *problem, GError **error)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s:%u: %s", path, line, problem);
    return false;
}

static bool parse(struct csv *csv, gsize length, const char *path, GError **error)
{
    struct cursor cursor = {.at = csv->text, .end = csv->text + length, .line = 1};
    const char *nul = memchr(csv->text, '\0', length);
    if (nul) {
        for (const char *at = csv->text; at < nul; at++)
            cursor.line += *at == '\n';
        return fail_at(path, cursor.line, "a NUL byte", error);
    }
    while (cursor.at < cursor.end) {
        gsize line_end = *cursor.at == '\n' ? 1 : g_str_has_prefix(cursor.at, "\r\n") ? 2 : 0;
        if (line_end > 0) {
            cursor.at += line_end;
            cursor.line++;
        } else if (!take_row(&cursor, csv)) {
            return fail_at(path, cursor.line, cursor.problem, error);
        }
    }
    if (csv->starts->len == 0)
        return fail_at(path, 1, "no header row", error);
    guint end = csv->fields->len;
    g_array_append_val(csv->starts, end);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint column = 0; column < start_of(csv, 1); column++)
        if (!g_hash_table_add(names, csv->fields->pdata[column]))
            return fail_at(path, 1, "two columns of the same name", error);
    return true;
}

/* Up to the last LF. Only the last line of the file can be torn: text that spans lines because a quote is
 * open is refused, not cut, since a stray quote looks the same and would take all rows after it along. */
static gsize whole_length(const char *text, gsize length)
{
    while (length > 0 && text[length - 1] != '\n')
        length--;
    return length;
}

/* GFileError's message names the path. */
static char *read_file(const char *path, gsize *length, GError **error)
{
    g_autoptr(GError) cause = NULL;
    char *text = NULL;
    if (!g_file_get_contents(path, &text, length, &cause))
        g_set_error_literal(error, AFTERFREE_ERROR, EXIT_BAD_DATA, cause->message);
    return text;
}

struct csv *csv_read(const char *path, GError **error)
{
    gsize length;
    char *text = read_file(path, &length, error);
    if (!text)
        return NULL;
    g_autoptr(csv_table) csv = csv_new(text);
    if (!parse(csv, whole_length(text, length), path, error))
        return NULL;
    return g_steal_pointer(&csv);
}

guint csv_rows(const struct csv *csv)
{
    return csv->starts->len - 2;
}

int csv_column(const struct csv *csv, const char *name)
{
    guint columns = start_of(csv, 1);
    for (guint i = 0; i < columns; i++)
        if (strcmp(csv->fields->pdata[i], name) == 0)
            return (int)i;
    return -1;
}

const char *csv_text(const struct csv *csv, guint row, int column)
{
    if (column < 0 || row >= csv_rows(csv))
        return "";
    guint first = start_of(csv, row + 1), end = start_of(csv, row + 2);
    return (guint)column < end - first ? csv->fields->pdata[first + (guint)column] : "";
}

const char *csv_field(const struct csv *csv, guint row, const char *name)
{
    return csv_text(csv, row, csv_column(csv, name));
}

bool csv_u64(const struct csv *csv, guint row, int column, uint64_t *value)
{
    return units_parse_digits(csv_text(csv, row, column), value);
}

/* A first field must leave a trace in the row, or the second would not know that it needs a comma. */
static void add_raw(GString *row, const char *text)
{
    if (row->len > 0)
        g_string_append_c(row, ',');
    g_string_append(row, row->len == 0 && *text == '\0' ? "\"\"" : text);
}

void csv_add_text(GString *row, const char *text)
{
    if (!text || !strpbrk(text, ",\"\r\n")) {
        add_raw(row, text ? text : "");
        return;
    }
    g_autoptr(GString) quoted = g_string_new(text);
    g_string_replace(quoted, "\"", "\"\"", 0);
    g_string_prepend_c(quoted, '"');
    g_string_append_c(quoted, '"');
    add_raw(row, quoted->str);
}

void csv_add_u64(GString *row, uint64_t value)
{
    char digits[24];
    g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, value);
    add_raw(row, digits);
}

void csv_add_empty(GString *row)
{
    add_raw(row, "");
}

void csv_copy_row(const struct csv *csv, guint row, GString *text)
{
    g_autoptr(GString) line = g_string_new(NULL);
    guint end = start_of(csv, row + 2);
    for (guint field = start_of(csv, row + 1); field < end; field++)
        csv_add_text(line, csv->fields->pdata[field]);
    g_string_append_printf(text, "%s\n", line->str);
}

static bool refuse_system(const char *path, const char *action, GError **error)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "%s: %s: %s%s", path, action, g_strerror(errno),
                allowance_advice(errno));
    return false;
}

/* Cuts off a torn last line, or refuses a file that is not the table to go on with. */
static bool resume(int fd, const char *path, const char *header, GError **error)
{
    gsize length;
    char *text = read_file(path, &length, error);
    if (!text)
        return false;
    g_autoptr(csv_table) csv = csv_new(text);
    gsize whole = whole_length(text, length), width = strlen(header);
    bool torn_header = whole == 0 && length <= width && memcmp(text, header, length) == 0;
    bool same_header = whole > width && memcmp(text, header, width) == 0 && text[width] == '\n';
    if (!torn_header && !same_header)
        return fail_at(path, 1, "other columns than this version writes", error);
    if (same_header && !parse(csv, whole, path, error))
        return false;
    if (whole < length && ftruncate(fd, (off_t)whole) != 0)
        return refuse_system(path, "cannot cut off the torn last line", error);
    if (same_header)
        return true;
    g_autoptr(GString) row = g_string_new(header);
    return csv_write_row(fd, row, path, error);
}

int csv_open_append(const char *path, const char *header, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        refuse_system(path, "cannot open", error);
        return -1;
    }
    if (!resume(fd, path, header, error)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A row that does not fit on the disk is taken back: half a row may end inside quotes, see whole_length. */
bool csv_write_row(int fd, GString *row, const char *path, GError **error)
{
    struct stat before;
    gsize written = 0;
    if (fstat(fd, &before) != 0)
        return refuse_system(path, "cannot write", error);
    g_string_append_c(row, '\n');
    while (written < row->len) {
        ssize_t now = write(fd, row->str + written, row->len - written);
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0) {
            refuse_system(path, "cannot write", error);
            if (S_ISREG(before.st_mode) && ftruncate(fd, before.st_size) != 0)
                g_prefix_error(error, "half a row left behind: ");
            return false;
        }
        written += (gsize)now;
    }
    g_string_truncate(row, 0);
    return true;
}
