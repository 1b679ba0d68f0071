#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* mail/<two hex digits of the id>/<id>.eml is a whole message, mail/<two hex>/<id>/<section> a part of one;
 * ".part" behind either is a download under way or its beginning. A file counts only when a row of table part
 * knows its size. A part that the server has decoded is another thing than the same part as it is in the
 * message, so it has another name, in the table as in the folder, and nothing can take one for the other.
 */

#define SECTION_MAX 248
#define DECODED ".bin"
#define COPIED 16384 /* octets: parts up to here are copied, not mapped */

/* ---- names ---- */

static gboolean
section_is_valid(const char *section)
{
	gsize len = strlen(section);

	if (!len || strcmp(section, "HEADER") == 0)
		return TRUE;
	if (len > SECTION_MAX || !g_ascii_isdigit(section[0]))
		return FALSE;
	if (g_str_has_suffix(section, DECODED))
		len -= strlen(DECODED);
	return g_ascii_isdigit(section[len - 1]) && strspn(section, "0123456789.") >= len &&
	       !strstr(section, "..");
}

char *
store_decoded(const char *section)
{
	g_autofree char *name = g_strconcat(section, DECODED, NULL);

	return *section && section_is_valid(name) && strcmp(section, "HEADER") ? g_steal_pointer(&name)
	                                                                       : NULL;
}

char *
bodies_parts_dir(struct store *store, msgid id)
{
	return g_strdup_printf("%s/mail/%02x/%" G_GINT64_FORMAT, store->dir, (guint)(id & 0xff), id);
}

char *
bodies_path(struct store *store, msgid id, const char *section, GError **error)
{
	g_autofree char *dir = NULL;

	if (!section_is_valid(section)) {
		fulmar_fail(error, FULMAR_FAILED, _("'%s' names no part of a message"), section);
		return NULL;
	}
	dir = bodies_parts_dir(store, id);
	return *section ? g_strconcat(dir, "/", section, NULL) : g_strconcat(dir, ".eml", NULL);
}

void
bodies_unlink(struct store *store, msgid id)
{
	g_autofree char *dir = bodies_parts_dir(store, id), *whole = g_strconcat(dir, ".eml", NULL);

	unlink(whole);
	intake_unlink(whole);
	if (access(dir, F_OK) == 0)
		files_remove_tree(dir);
}

/* ---- entries ---- */

/* Size that the table knows, -1 when there is no entry. */
static gboolean
entry_size(struct store *store, msgid id, const char *section, gint64 *size, GError **error)
{
	static const char sql[] = "SELECT size FROM part WHERE id = ?1 AND section = ?2";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);
	int result;

	*size = -1;
	if (!statement)
		return FALSE;
	sqlite3_bind_text(statement, 2, section, -1, SQLITE_STATIC);
	result = store_step(store, statement, error);
	if (result > 0)
		*size = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return result >= 0;
}

static gint64
file_size(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 && S_ISREG(info.st_mode) ? (gint64)info.st_size : -1;
}

static void
note_broken(struct store *store, msgid id, const char *section)
{
	g_hash_table_add(store->broken, g_strdup_printf("%" G_GINT64_FORMAT "/%s", id, section));
}

gboolean
bodies_refresh_have(struct store *store, msgid id, GError **error)
{
	static const char sql[] =
	        "SELECT count(*) - count(nullif(section, '')) + 2 * (count(nullif(section, '')) > 0)"
	        " FROM part WHERE id = ?1";
	const guint all = HAVE_TEXT | HAVE_PART | HAVE_WHOLE;
	gint64 left;
	guint have;

	if (!store_number(store, sql, VALUES(id), 0, &left, error))
		return FALSE;
	have = (left & 1 ? HAVE_WHOLE : 0) | (left & 2 ? HAVE_PART : 0);
	keep_reset(store);
	return row_set_have(store, id, have, all & ~have, error);
}

static gboolean
drop_entry(struct store *store, msgid id, const char *section, GError **error)
{
	static const char sql[] = "DELETE FROM part WHERE id = ?1 AND section = ?2";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);

	if (statement)
		sqlite3_bind_text(statement, 2, section, -1, SQLITE_STATIC);
	return store_finish(store, statement, error) && bodies_refresh_have(store, id, error);
}

gboolean
bodies_drop_broken(struct store *store, GError **error)
{
	GHashTableIter iter;
	const char *name;

	g_hash_table_iter_init(&iter, store->broken);
	while (g_hash_table_iter_next(&iter, (gpointer *)&name, NULL)) {
		const char *section = strchr(name, '/') + 1;
		msgid id = g_ascii_strtoll(name, NULL, 10);
		g_autofree char *path = bodies_path(store, id, section, error);
		gint64 size;

		/* It may have been fetched again since. */
		if (!path || !entry_size(store, id, section, &size, error))
			return FALSE;
		if (size >= 0 && file_size(path) != size && !drop_entry(store, id, section, error))
			return FALSE;
		g_hash_table_iter_remove(&iter);
	}
	return TRUE;
}

gboolean
bodies_put_entry(struct store *store, msgid id, const char *section, gint64 size,
                 const struct mime_part *root, GError **error)
{
	static const char put[] = "INSERT OR REPLACE INTO part (id, size, section) VALUES (?1, ?2, ?3)";
	static const char parts[] = "DELETE FROM part WHERE id = ?1 AND section <> ''";
	sqlite3_stmt *statement = store_sql(store, put, VALUES(id, size), error);

	if (statement)
		sqlite3_bind_text(statement, 3, section, -1, SQLITE_STATIC);
	if (!store_finish(store, statement, error))
		return FALSE;
	if (*section)
		return row_set_have(store, id, HAVE_PART, 0, error);
	return store_run(store, parts, VALUES(id), error) &&
	       (root ? row_set_whole(store, id, root, error)
	             : row_set_have(store, id, HAVE_WHOLE, HAVE_PART, error));
}

gboolean
store_set_text_here(struct store *store, msgid id, GError **error)
{
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = row_set_have(store, id, HAVE_TEXT, 0, error) && preview_fill(store, id, error);
	return store_leave(store, own, ok, error);
}

/* ---- reading ---- */

/* size -1: any. */
static GBytes *
map_file(const char *path, gint64 size, int *reason)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	GMappedFile *file;
	GBytes *bytes = NULL;
	struct stat info;

	*reason = fd < 0 ? errno : 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || (size >= 0 && info.st_size != size)) {
		*reason = EBADMSG;
	} else if ((file = g_mapped_file_new_from_fd(fd, FALSE, NULL))) {
		bytes = g_mapped_file_get_bytes(file);
		g_mapped_file_unref(file);
	} else {
		*reason = ENOMEM;
	}
	close(fd);
	return bytes;
}

/* The file of an entry; NULL without error when there is no entry. */
static GBytes *
read_entry(struct store *store, msgid id, const char *section, GError **error)
{
	g_autofree char *path = bodies_path(store, id, section, error);
	GBytes *bytes;
	gint64 size;
	int reason;

	if (!path || !entry_size(store, id, section, &size, error) || size < 0)
		return NULL;
	bytes = map_file(path, size, &reason);
	if (bytes)
		return bytes;
	if (reason == ENOENT || reason == EBADMSG) {
		note_broken(store, id, section);
		fulmar_fail(error, FULMAR_FAILED, _("%s is damaged or gone; it will be fetched again"), path);
	} else {
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be read: %s"), path, g_strerror(reason));
	}
	return NULL;
}

gboolean
bodies_file_of(struct store *store, msgid id, char **file, GError **error)
{
	static const char sql[] =
	        "SELECT coalesce(file, (SELECT file FROM place WHERE place.id = message.id))"
	        " FROM message WHERE id = ?1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);
	int result = statement ? store_step(store, statement, error) : -1;

	*file = NULL;
	if (result > 0) {
		*file = g_strdup((const char *)sqlite3_column_text(statement, 0));
		sqlite3_reset(statement);
	}
	return result >= 0;
}

/* The whole message, from the store or from its maildir; NULL without error when it is not here. */
static GBytes *
read_whole(struct store *store, msgid id, GError **error)
{
	g_autofree char *file = NULL;
	GBytes *bytes;
	int reason;

	if (!bodies_file_of(store, id, &file, error))
		return NULL;
	if (!file)
		return read_entry(store, id, "", error);
	bytes = map_file(file, -1, &reason);
	/* Another program may have renamed it this instant: it is not here until the folder was read again.
	 */
	if (!bytes && reason != ENOENT)
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be read: %s"), file, g_strerror(reason));
	return bytes;
}

static GBytes *
cut_header(GBytes *whole)
{
	gsize len;
	const char *bytes = g_bytes_get_data(whole, &len), *at = bytes;
	struct mime_field field;

	while (len && mime_field_next(&at, bytes + len, &field))
		;
	return g_bytes_new_from_bytes(whole, 0, (gsize)(at - bytes));
}

static struct mime_part *
parse(GBytes *whole)
{
	gsize len;
	const char *bytes = g_bytes_get_data(whole, &len);
	struct mime_part *root = mime_part_parse(bytes ? bytes : "", len);

	mime_part_number(root);
	return root;
}

struct mime_part *
bodies_parse_file(const char *path)
{
	int reason;
	g_autoptr(GBytes) whole = map_file(path, -1, &reason);

	return whole ? parse(whole) : NULL;
}

/* Where the parts of the message lie that was cut last: who reads one of ten thousand parts reads the next.
 */
struct cuts {
	msgid id;
	gsize len;
	struct mime_part *root;
	GHashTable *parts; /* section → struct mime_part *, lent from root */
};

void
bodies_forget_cuts(struct store *store)
{
	if (!store->cuts)
		return;
	g_hash_table_unref(store->cuts->parts);
	mime_part_free(store->cuts->root);
	g_clear_pointer(&store->cuts, g_free);
}

static gboolean
note_part(const struct mime_part *part, void *user)
{
	g_hash_table_insert(user, part->section, (gpointer)part);
	return TRUE;
}

static const struct mime_part *
part_of(struct store *store, msgid id, GBytes *whole, const char *section)
{
	struct cuts *cuts = store->cuts;
	gsize len = g_bytes_get_size(whole);

	if (!cuts || cuts->id != id || cuts->len != len) {
		bodies_forget_cuts(store);
		cuts = store->cuts = g_new(struct cuts, 1);
		*cuts = (struct cuts){id, len, parse(whole), g_hash_table_new(g_str_hash, g_str_equal)};
		mime_part_walk(cuts->root, note_part, cuts->parts);
	}
	return g_hash_table_lookup(cuts->parts, section);
}

static GBytes *
cut(struct store *store, msgid id, GBytes *whole, const char *section, GError **error)
{
	const struct mime_part *part;
	gsize len = g_bytes_get_size(whole);

	if (!*section)
		return g_bytes_ref(whole);
	if (strcmp(section, "HEADER") == 0)
		return cut_header(whole);
	part = part_of(store, id, whole, section);
	if (!part || part->body_start > len || part->body_len > len - part->body_start) {
		fulmar_fail(error, FULMAR_FAILED, _("The message has no part %s"), section);
		return NULL;
	}
	/* Ten thousand small parts shall not hold ten thousand maps of the whole. */
	if (part->body_len && part->body_len <= COPIED)
		return g_bytes_new((const char *)g_bytes_get_data(whole, NULL) + part->body_start,
		                   part->body_len);
	return g_bytes_new_from_bytes(whole, part->body_start, part->body_len);
}

GBytes *
store_part(struct store *store, msgid id, const char *section, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autoptr(GBytes) whole = NULL;
	GBytes *bytes = *section ? read_entry(store, id, section, &failure) : NULL;

	if (bytes || failure) {
		if (failure)
			g_propagate_error(error, g_steal_pointer(&failure));
		return bytes;
	}
	whole = read_whole(store, id, error);
	return whole ? cut(store, id, whole, section, error) : NULL;
}

GBytes *
store_part_as_kept(struct store *store, msgid id, const char *section, gboolean *decoded, GError **error)
{
	g_autofree char *name = store_decoded(section);
	g_autoptr(GError) encoded_failure = NULL, failure = NULL;
	GBytes *bytes = store_part(store, id, section, &encoded_failure);

	*decoded = FALSE;
	if (!bytes && name)
		*decoded = (bytes = read_entry(store, id, name, &failure)) != NULL;
	if (!bytes && (encoded_failure || failure))
		g_propagate_error(error, encoded_failure ? g_steal_pointer(&encoded_failure)
		                                         : g_steal_pointer(&failure));
	return bytes;
}

static gboolean
entry_is_whole(struct store *store, msgid id, const char *section)
{
	g_autofree char *path = bodies_path(store, id, section, NULL);
	gint64 size;

	if (!path || !entry_size(store, id, section, &size, NULL) || size < 0)
		return FALSE;
	if (file_size(path) == size)
		return TRUE;
	note_broken(store, id, section);
	return FALSE;
}

gboolean
store_has_part(struct store *store, msgid id, const char *section)
{
	g_autofree char *file = NULL, *decoded = store_decoded(section);

	if (!section_is_valid(section))
		return FALSE;
	if (entry_is_whole(store, id, section) || (*section && entry_is_whole(store, id, "")) ||
	    (decoded && entry_is_whole(store, id, decoded)))
		return TRUE;
	return bodies_file_of(store, id, &file, NULL) && file && file_size(file) >= 0;
}

struct mime_part *
store_structure(struct store *store, msgid id, GError **error)
{
	static const char sql[] = "SELECT tree FROM structure WHERE id = ?1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);
	int result = statement ? store_step(store, statement, error) : -1;
	g_autoptr(GBytes) whole = NULL;
	struct mime_part *root;

	if (result < 0)
		return NULL;
	if (result > 0) {
		g_autofree char *text = store_column(statement, 0);

		sqlite3_reset(statement);
		root = mime_part_from_text(text ? text : "", NULL);
		if (!root)
			store_fail_damaged(store, "structure", error);
		else
			mime_part_number(root);
		return root;
	}
	whole = read_whole(store, id, error);
	return whole ? parse(whole) : NULL;
}

gint64
bodies_highest_id(const char *dir)
{
	g_autofree char *mail = g_build_filename(dir, "mail", NULL);
	g_autoptr(GDir) shards = g_dir_open(mail, 0, NULL);
	gint64 highest = 0;
	const char *shard, *name;

	while (shards && (shard = g_dir_read_name(shards))) {
		g_autofree char *path = g_build_filename(mail, shard, NULL);
		g_autoptr(GDir) files = g_dir_open(path, 0, NULL);

		while (files && (name = g_dir_read_name(files)))
			highest = MAX(highest, g_ascii_strtoll(name, NULL, 10));
	}
	return highest;
}
