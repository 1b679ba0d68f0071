#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* message holds what changes and what lists walk over (small rows); envelope what is only read. message_list
 * and message_head are in list order, so a window is a walk along them. One row of each (folder, thread) is
 * its head: the newest; it carries the thread's counters. A row whose thread is its own id founded it and
 * needs no entry in message_member. */
static const char v1[] =
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
        "CREATE TABLE folder ("
        " id INTEGER PRIMARY KEY, path TEXT NOT NULL, wire TEXT NOT NULL UNIQUE, delimiter INTEGER NOT NULL,"
        " role TEXT NOT NULL, selectable INTEGER NOT NULL, subscribed INTEGER NOT NULL, rights TEXT NOT NULL,"
        " mailbox_id TEXT NOT NULL, server_total INTEGER NOT NULL, server_unread INTEGER NOT NULL,"
        " uidvalidity INTEGER NOT NULL DEFAULT 0, uidnext INTEGER NOT NULL DEFAULT 0, modseq INTEGER NOT "
        "NULL DEFAULT 0,"
        " present INTEGER NOT NULL DEFAULT 0, windows TEXT NOT NULL DEFAULT '', complete INTEGER NOT NULL "
        "DEFAULT 0,"
        " synced INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL "
        "DEFAULT 0,"
        " unread_base INTEGER NOT NULL DEFAULT 0, threads INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT "
        "NULL DEFAULT 0,"
        " unbound INTEGER NOT NULL DEFAULT 0);"
        "CREATE INDEX folder_path ON folder (path COLLATE NOCASE);"
        "CREATE TABLE message ("
        " id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, uid INTEGER, ord INTEGER NOT NULL, received "
        "INTEGER NOT NULL,"
        " size INTEGER NOT NULL, base INTEGER NOT NULL, pending_add INTEGER NOT NULL DEFAULT 0,"
        " pending_remove INTEGER NOT NULL DEFAULT 0, thread INTEGER NOT NULL, head INTEGER NOT NULL,"
        " thread_count INTEGER NOT NULL, thread_unread INTEGER NOT NULL, attachments INTEGER NOT NULL,"
        " have INTEGER NOT NULL, keywords TEXT, keywords_add TEXT, keywords_remove TEXT, file TEXT, refused "
        "TEXT);"
        "CREATE INDEX message_list ON message (folder, received DESC, ord DESC, id DESC, have);"
        "CREATE UNIQUE INDEX message_uid ON message (folder, uid DESC) WHERE uid IS NOT NULL;"
        "CREATE UNIQUE INDEX message_file ON message (folder, file) WHERE file IS NOT NULL;"
        "CREATE INDEX message_head ON message (folder, received DESC, ord DESC, id DESC) WHERE head;"
        "CREATE INDEX message_member ON message (thread, folder, received, ord, id) WHERE thread <> id;"
        "CREATE TABLE envelope ("
        " id INTEGER PRIMARY KEY, date INTEGER, zone INTEGER NOT NULL, sender TEXT, recipients TEXT, copies "
        "TEXT,"
        " subject TEXT, message_id TEXT, in_reply_to TEXT, refs TEXT, list_id TEXT, email_id TEXT, preview "
        "TEXT);"
        /* Hash of a Message-ID → thread; the newest are in ref_log, one block a transaction (refs.c). */
        "CREATE TABLE ref (hash INTEGER PRIMARY KEY, thread INTEGER NOT NULL);"
        "CREATE TABLE ref_log (id INTEGER PRIMARY KEY, pairs BLOB NOT NULL);"
        "CREATE TABLE alias (thread INTEGER PRIMARY KEY, joined INTEGER NOT NULL);"
        "CREATE TABLE structure (id INTEGER PRIMARY KEY, tree TEXT NOT NULL);"
        "CREATE TABLE part (id INTEGER NOT NULL, section TEXT NOT NULL, size INTEGER NOT NULL,"
        " PRIMARY KEY (id, section)) WITHOUT ROWID;"
        "CREATE TABLE trash (id INTEGER PRIMARY KEY);"
        "CREATE TABLE unbound (folder INTEGER NOT NULL, hash INTEGER NOT NULL, id INTEGER NOT NULL,"
        " PRIMARY KEY (folder, hash, id)) WITHOUT ROWID;"
        "CREATE TABLE op ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT, verb INTEGER NOT NULL, state INTEGER NOT NULL, folder "
        "INTEGER NOT NULL,"
        " add_flags INTEGER NOT NULL, remove_flags INTEGER NOT NULL, keywords_add TEXT, keywords_remove TEXT,"
        " attempts INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, not_before INTEGER NOT NULL DEFAULT "
        "0,"
        " error TEXT);"
        "CREATE TABLE op_row (op INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (op, id)) WITHOUT ROWID;"
        "CREATE INDEX op_row_id ON op_row (id, op);"
        "INSERT INTO meta VALUES ('last_id', 0), ('hash_key', randomblob(16));";

/* Version 2: the whole journal. Ids of folders are not used again, for undo remembers them. A folder's wire
 * name is unique among those the server has (wish = 0); path and subscribed are as shown, server_path and
 * server_subscribed as the server has them. bound counts the rows that the server has in the folder, wherever
 * they are shown; unread_base those of them it says are unread.
 */
static const char v2[] =
        "CREATE TABLE folder_2 ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, wire TEXT NOT NULL, delimiter INTEGER "
        "NOT NULL,"
        " role TEXT NOT NULL, selectable INTEGER NOT NULL, subscribed INTEGER NOT NULL, rights TEXT NOT NULL,"
        " mailbox_id TEXT NOT NULL, server_total INTEGER NOT NULL, server_unread INTEGER NOT NULL,"
        " server_uidnext INTEGER NOT NULL DEFAULT 0, server_size INTEGER NOT NULL DEFAULT 0,"
        " server_path TEXT NOT NULL,"
        " server_subscribed INTEGER NOT NULL, wish INTEGER NOT NULL DEFAULT 0,"
        " removed INTEGER NOT NULL DEFAULT 0, hidden INTEGER NOT NULL DEFAULT 0,"
        " pinned INTEGER NOT NULL DEFAULT 0, keep TEXT NOT NULL DEFAULT '',"
        " uidvalidity INTEGER NOT NULL DEFAULT 0, uidnext INTEGER NOT NULL DEFAULT 0,"
        " modseq INTEGER NOT NULL DEFAULT 0, present INTEGER NOT NULL DEFAULT 0,"
        " windows TEXT NOT NULL DEFAULT '', complete INTEGER NOT NULL DEFAULT 0,"
        " synced INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,"
        " unread INTEGER NOT NULL DEFAULT 0, bound INTEGER NOT NULL DEFAULT 0,"
        " unread_base INTEGER NOT NULL DEFAULT 0, threads INTEGER NOT NULL DEFAULT 0,"
        " revision INTEGER NOT NULL DEFAULT 0);"
        "INSERT INTO folder_2 SELECT id, path, wire, delimiter, role, selectable, subscribed, rights,"
        " mailbox_id, server_total, server_unread, 0, 0, path, subscribed, 0, 0, 0, 0, '', uidvalidity, "
        "uidnext,"
        " modseq, present, windows, complete, synced, total, unread, 0, 0, threads, revision FROM folder;"
        "DROP TABLE folder;"
        "ALTER TABLE folder_2 RENAME TO folder;"
        "CREATE UNIQUE INDEX folder_wire ON folder (wire) WHERE wish = 0;"
        "CREATE INDEX folder_name ON folder (wire);"
        "CREATE INDEX folder_path ON folder (path COLLATE NOCASE);"
        "UPDATE folder SET bound = n, unread_base = unseen FROM (SELECT folder AS f, count(*) AS n,"
        " sum(base & 1 = 0) AS unseen FROM message WHERE uid IS NOT NULL OR file IS NOT NULL GROUP BY folder)"
        " WHERE id = f;"
        /* Where the server has a row that is shown in another folder. */
        "CREATE TABLE place (id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, uid INTEGER, file TEXT);"
        "CREATE UNIQUE INDEX place_uid ON place (folder, uid) WHERE uid IS NOT NULL;"
        "CREATE UNIQUE INDEX place_file ON place (folder, file) WHERE file IS NOT NULL;"
        /* Rows whose message an op on its way out of its place may have marked as deleted there. */
        "CREATE TABLE marked (id INTEGER PRIMARY KEY);"
        /* Rows of folder 0: since when, out of which folder, by which op. */
        "CREATE TABLE limbo (id INTEGER PRIMARY KEY, since INTEGER NOT NULL, origin INTEGER NOT NULL,"
        " op INTEGER NOT NULL);"
        "CREATE INDEX limbo_since ON limbo (since);"
        /* Rows that the server has under a UID of folder, from mark on, that is not known yet. */
        "CREATE TABLE awaited (id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, since INTEGER NOT NULL,"
        " mark INTEGER NOT NULL, passes INTEGER NOT NULL DEFAULT 0);"
        "CREATE INDEX awaited_folder ON awaited (folder);"
        "CREATE INDEX unbound_id ON unbound (id);"
        "ALTER TABLE op ADD COLUMN target INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE op ADD COLUMN upto INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE op ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE op ADD COLUMN mark_id INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE op ADD COLUMN arg TEXT;"
        "ALTER TABLE op ADD COLUMN name TEXT;"
        "ALTER TABLE op ADD COLUMN step INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX op_folder_id ON op (folder);"
        "CREATE INDEX op_target_id ON op (target);"
        "CREATE INDEX op_name ON op (name) WHERE name IS NOT NULL;"
        "CREATE INDEX op_wide ON op (folder) WHERE upto > 0;"
        /* Of a copy: the message it is made of. */
        "ALTER TABLE op_row ADD COLUMN source INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX op_row_source ON op_row (source) WHERE source > 0;"
        /* What folders will be called. */
        "CREATE TABLE op_folder (op INTEGER NOT NULL, folder INTEGER NOT NULL, path TEXT NOT NULL,"
        " wire TEXT NOT NULL, PRIMARY KEY (op, folder)) WITHOUT ROWID;"
        "CREATE INDEX op_folder_folder ON op_folder (folder, op);"
        "CREATE TABLE step (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, verb TEXT NOT NULL,"
        " n INTEGER NOT NULL, target TEXT NOT NULL);"
        "CREATE TABLE step_entry (step INTEGER NOT NULL, seq INTEGER NOT NULL, verb INTEGER NOT NULL,"
        " op INTEGER NOT NULL, subject INTEGER NOT NULL, origin INTEGER NOT NULL, target INTEGER NOT NULL,"
        " added INTEGER NOT NULL, removed INTEGER NOT NULL, text1 TEXT, text2 TEXT, text3 TEXT,"
        " PRIMARY KEY (step, seq)) WITHOUT ROWID;"
        "CREATE INDEX step_entry_subject ON step_entry (subject);";

/* Version 3: since when the server has a row's message in the folder that it is bound in. That ends with the
 * binding, whoever ends it. */
static const char v3[] =
        "ALTER TABLE message ADD COLUMN saved INTEGER;"
        "CREATE TRIGGER message_saved AFTER UPDATE OF folder, uid ON message WHEN OLD.saved IS NOT NULL"
        " AND (NEW.folder IS NOT OLD.folder OR NEW.uid IS NOT OLD.uid)"
        " BEGIN UPDATE message SET saved = NULL WHERE id = NEW.id; END;";

/* Version 4: what a POP3 server has; which messages rules are to be asked about. */
static const char v4[] =
        "CREATE TABLE maildrop (id INTEGER PRIMARY KEY, uidl BLOB NOT NULL, nth INTEGER NOT NULL, size "
        "INTEGER"
        " NOT NULL, digest INTEGER NOT NULL, msg INTEGER, state INTEGER NOT NULL, since INTEGER NOT NULL);"
        "CREATE INDEX maildrop_msg ON maildrop (msg) WHERE msg IS NOT NULL;"
        "CREATE TRIGGER message_dropped AFTER DELETE ON message BEGIN DELETE FROM maildrop"
        " WHERE msg = OLD.id; END;"
        "CREATE TABLE arrival (id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, step INTEGER NOT NULL);"
        "CREATE TRIGGER message_judged AFTER DELETE ON message BEGIN DELETE FROM arrival"
        " WHERE id = OLD.id; END;";

/* Row n brings version n to n + 1. */
static const char *const migrations[STORE_VERSION] = {v1, v2, v3, v4};

static gboolean
version_of(struct store *store, gint64 *version, GError **error)
{
	static const char sql[] = "PRAGMA user_version";

	if (!store_number(store, sql, NULL, 0, 0, version, error))
		return FALSE;
	if (*version <= STORE_VERSION && *version >= 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED,
	            _("%s was made by a newer Fulmar (format %d, this one knows %d); use that one"),
	            store->path, (int)*version, STORE_VERSION);
	return FALSE;
}

gboolean
schema_check(struct store *store, GError **error)
{
	gint64 version;

	if (!version_of(store, &version, error))
		return FALSE;
	if (version == STORE_VERSION)
		return TRUE;
	fulmar_fail(error, FULMAR_UNSUPPORTED,
	            _("%s is not ready yet; it is brought up to date when its account starts"), store->path);
	return FALSE;
}

gboolean
schema_make(sqlite3 *db, gint64 from)
{
	g_autofree char *stamp = g_strdup_printf("PRAGMA user_version = %d", STORE_VERSION);

	for (gint64 i = from; i < STORE_VERSION; i++)
		if (sqlite3_exec(db, migrations[i], NULL, NULL, NULL) != SQLITE_OK)
			return FALSE;
	return sqlite3_exec(db, stamp, NULL, NULL, NULL) == SQLITE_OK;
}

static gboolean
migrate(struct store *store, gint64 from, GError **error)
{
	if (schema_make(store->db, from))
		return TRUE;
	store_fail_sql(store, error);
	return FALSE;
}

gboolean
schema_prepare(struct store *store, GError **error)
{
	gint64 version;
	gboolean ok;

	if (!version_of(store, &version, error))
		return FALSE;
	if (version == STORE_VERSION)
		return TRUE;
	if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
		store_fail_sql(store, error);
		return FALSE;
	}
	/* Somebody else may have done it while we waited for the lock. */
	ok = version_of(store, &version, error) && migrate(store, version, error);
	if (ok && sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
		store_fail_sql(store, error);
		ok = FALSE;
	}
	if (!ok && !sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}
