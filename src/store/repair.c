#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"
#include "store/check-private.h"

/* Putting a store right, while it is made sure that nobody carries out its journal. First everything is
 * looked at, then mended, then looked at again: what was mended is told as such, and what is still wrong,
 * too.
 */

#define LOCK_TRIES 40
#define LOCK_WAIT 50000 /* µs */
#define ROUNDS_MAX 5    /* what one round takes away the next one finds missing */

/* ---- the lock ---- */

int
repair_lock(const char *dir, GError **error)
{
	g_autofree char *path = g_build_filename(dir, "journal.lock", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be written: %s"), path, g_strerror(errno));
		return -1;
	}
	for (guint i = 0; i < LOCK_TRIES; i++) {
		/* Where files cannot be locked there is nobody to share with either. */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return fd;
		g_usleep(LOCK_WAIT);
	}
	close(fd);
	fulmar_fail(error, FULMAR_FAILED,
	            _("%s: another fulmar is at the queued changes; end it and try again"), dir);
	return -1;
}

/* ---- findings that are told later ---- */

static void
finding_free(gpointer data)
{
	struct store_finding *finding = data;

	g_free((char *)finding->kind);
	g_free((char *)finding->where);
	g_free((char *)finding->text);
	g_free((char *)finding->remedy);
	g_free((char *)finding->done);
	g_free(finding);
}

static void
collect(const struct store_finding *finding, void *user)
{
	struct store_finding *copy = g_new0(struct store_finding, 1);

	copy->kind = g_strdup(finding->kind);
	copy->where = g_strdup(finding->where);
	copy->text = g_strdup(finding->text);
	copy->remedy = g_strdup(finding->remedy);
	copy->done = g_strdup(finding->done);
	g_ptr_array_add(user, copy);
}

static gboolean
is_among(const GPtrArray *findings, const struct store_finding *wanted)
{
	for (guint i = 0; i < findings->len; i++) {
		const struct store_finding *finding = g_ptr_array_index(findings, i);

		if (g_str_equal(finding->kind, wanted->kind) && g_str_equal(finding->where, wanted->where) &&
		    g_str_equal(finding->text, wanted->text))
			return TRUE;
	}
	return FALSE;
}

static void
tell_all(const GPtrArray *before, const GPtrArray *after, store_found found, void *user)
{
	for (guint i = 0; i < before->len; i++) {
		struct store_finding *finding = g_ptr_array_index(before, i);

		finding->repaired = !is_among(after, finding);
		found(finding, user);
	}
	for (guint i = 0; i < after->len; i++)
		if (!is_among(before, g_ptr_array_index(after, i)))
			found(g_ptr_array_index(after, i), user);
}

/* ---- rows ---- */

static gboolean
repair_in_transaction(struct store *store, GError **error)
{
	gboolean any = TRUE, more;

	for (guint i = 0; any && i < ROUNDS_MAX; i++) {
		if (!check_fix(store, &more, error) || !probes_fix(store, &any, error))
			return FALSE;
		any = any || more;
	}
	return TRUE;
}

static gboolean
repair_rows(struct store *store, GError **error)
{
	return store_begin(store, TRUE, error) &&
	       store_leave(store, TRUE, repair_in_transaction(store, error), error);
}

/* ---- indexes ---- */

/* Rows that an index has otherwise than the table: which of them is right cannot be known. */
static const char *const suspects[] = {
        "SELECT m.id FROM message m NOT INDEXED WHERE m.uid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
        "message i"
        " INDEXED BY message_uid WHERE i.folder = m.folder AND i.uid = m.uid AND i.id = m.id)",
        "SELECT m.id FROM message m NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM message i INDEXED BY "
        "message_list"
        " WHERE i.folder = m.folder AND i.received = m.received AND i.ord = m.ord AND i.id = m.id)",
        "SELECT m.id FROM message m NOT INDEXED WHERE m.thread <> m.id AND NOT EXISTS (SELECT 1 FROM message "
        "i"
        " INDEXED BY message_member WHERE i.thread = m.thread AND i.thread <> i.id AND i.folder = m.folder"
        " AND i.received = m.received AND i.ord = m.ord AND i.id = m.id)",
};

static gboolean
find_suspects(struct store *store, GHashTable *ids, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(suspects); i++) {
		sqlite3_stmt *statement = store_sql(store, suspects[i], NULL, 0, error);
		int result = statement ? 0 : -1;

		while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
			msgid id = sqlite3_column_int64(statement, 0);

			idset_add(ids, id);
		}
		if (result < 0)
			return FALSE;
	}
	return TRUE;
}

/* It is known again when a header like its own comes. */
static gboolean
loosen(struct store *store, msgid id, GError **error)
{
	static const char where[] = "SELECT coalesce((SELECT folder FROM place WHERE id = ?1),"
	                            " (SELECT folder FROM message WHERE id = ?1))";
	static const char unbind[] = "UPDATE message SET uid = NULL WHERE id = ?1";
	static const char leave[] = "DELETE FROM place WHERE id = ?1";
	gint64 folder;

	return store_number(store, where, VALUES(id), 0, &folder, error) &&
	       store_run(store, unbind, VALUES(id), error) && store_run(store, leave, VALUES(id), error) &&
	       identity_expect(store, folder, id, error);
}

/* A mail with a change that waits stays, to be met again; others are fetched again, where that can be. */
static gboolean
distrust_row(struct store *store, msgid id, GError **error)
{
	static const char waits[] = "SELECT count(*) FROM op_row WHERE id = ?1";
	static const char drop[] = "DELETE FROM message WHERE id = ?1";
	gint64 ops;

	if (!store_number(store, waits, VALUES(id), 0, &ops, error))
		return FALSE;
	return ops || serve_is(store) ? loosen(store, id, error) : store_run(store, drop, VALUES(id), error);
}

static gboolean
make_indexes(struct store *store, GError **error)
{
	static const char reindex[] = "REINDEX";
	g_autoptr(GHashTable) ids = idset_new();
	GHashTableIter iter;
	msgid *id;

	if (!find_suspects(store, ids, error) || !store_run(store, reindex, NULL, 0, error))
		return FALSE;
	g_hash_table_iter_init(&iter, ids);
	while (g_hash_table_iter_next(&iter, (gpointer *)&id, NULL))
		if (!distrust_row(store, *id, error))
			return FALSE;
	/* Nor is it known which folder such a row was in. */
	return !g_hash_table_size(ids) || probes_doubt(store, 0, error);
}

static gboolean
repair_indexes(struct store *store, GError **error)
{
	return store_begin(store, TRUE, error) && store_leave(store, TRUE, make_indexes(store, error), error);
}

/* ---- all of it ---- */

/* FALSE without error: SQLite cannot do it. */
static gboolean
mend(const char *dir, enum health health, const char *aside, GError **error)
{
	GError *problem = NULL;
	struct look look = {.store = store_open(dir, STORE_WRITE, &problem), .aside = aside};
	gboolean ok = look.store && (health == SOUND || repair_indexes(look.store, &problem)) &&
	              repair_rows(look.store, &problem) && check_bodies(&look, TRUE, &problem);

	if (!ok && (look.store ? store_is_damage(look.store->fault) : salvage_health(dir) == DAMAGED))
		g_clear_error(&problem);
	look_clear(&look);
	if (problem)
		g_propagate_error(error, problem);
	return ok;
}

/* SQLite tells of so many faults and no more: with its indexes made anew it may tell of worse. */
static gboolean
is_sound_now(const char *dir, enum health before)
{
	struct look again = {0};

	return before == SOUND || (check_look(&again, dir, NULL) && again.health == SOUND);
}

static gboolean
put_right(const char *dir, enum health health, store_found found, void *user, GError **error)
{
	GError *problem = NULL;
	g_autofree char *aside = NULL;

	if (health != DAMAGED && mend(dir, health, NULL, &problem) && is_sound_now(dir, health))
		return TRUE;
	if (!problem && !(aside = salvage(dir, found, user, error)))
		return FALSE;
	if (aside && mend(dir, SOUND, aside, &problem))
		return TRUE;
	if (problem)
		g_propagate_error(error, problem);
	else
		fulmar_fail(error, FULMAR_FAILED, _("%s is damaged again; is the disk in order?"), dir);
	return FALSE;
}

static gboolean
repair(const char *dir, store_found found, void *user, GError **error)
{
	g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func(finding_free);
	g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func(finding_free);
	struct look first = {.found = collect, .user = before}, second = {.found = collect, .user = after};

	if (!check_look(&first, dir, error))
		return FALSE;
	if (!first.n)
		return TRUE;
	if (!put_right(dir, first.health, found, user, error))
		return FALSE;
	if (!check_look(&second, dir, error))
		return FALSE;
	tell_all(before, after, found, user);
	return TRUE;
}

gboolean
store_repair(const char *dir, store_found found, void *user, GError **error)
{
	int lock = repair_lock(dir, error);
	gboolean ok = lock >= 0 && repair(dir, found, user, error);

	if (lock >= 0)
		close(lock);
	return ok;
}
