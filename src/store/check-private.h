/* What looking through a store (check.c, probes.c, check-bodies.c) and putting it right (repair.c, rebuild.c,
 * salvage.c) share.
 */
#ifndef FULMAR_STORE_CHECK_PRIVATE_H
#define FULMAR_STORE_CHECK_PRIVATE_H

#include "store/store-private.h"

/* How far SQLite itself can still be trusted with the file. */
enum health { SOUND, INDEX_DAMAGED, DAMAGED };

/* One walk through a store, by one handle. */
struct look {
	struct store *store;
	store_found found; /* NULL: counted only */
	void *user;
	const char *
	        aside; /* a folder for files that nobody knows, or NULL: they go. Nobody else is there then */
	GHashTable *paths; /* folder id → path; see look_folder */
	guint n;           /* findings */
	enum health health;
};

/* remedy: what "fulmar check --repair" does; done: the same when it was done. Both translated, as what is. */
void look_tell(struct look *look, const char *kind, const char *where, const char *what, const char *remedy,
               const char *done);
/* The path of folder id, "" when there is none. Lends. */
const char *look_folder(struct look *look, gint64 id);
void look_clear(struct look *look);

/* ---- check.c ---- */

/* All of store_check; look is new, and cleared. */
gboolean check_look(struct look *look, const char *dir, GError **error);
/* Puts right what SQL alone cannot tell: texts and windows. In a transaction. *any: there was something. */
gboolean check_fix(struct store *store, gboolean *any, GError **error);

/* ---- probes.c: what SQL can tell and put right ---- */

/* FALSE with error: a statement failed. */
gboolean probes_look(struct look *look, GError **error);
/* Puts right what the probes find; in a transaction. *any: there was something. */
gboolean probes_fix(struct store *store, gboolean *any, GError **error);
/* All counters and conversations from the rows. In a transaction. */
gboolean probes_recount(struct store *store, GError **error);
/* The next resync believes nothing of this folder (0: of any). In a transaction. */
gboolean probes_doubt(struct store *store, gint64 folder, GError **error);

/* ---- check-bodies.c ---- */

/* Bodies that the table knows and the disk has not, and files that nobody knows. fix: entries and files go;
 * in no transaction. */
gboolean check_bodies(struct look *look, gboolean fix, GError **error);

/* ---- check-structures.c ---- */

gboolean structures_look(struct look *look, GError **error);
/* In a transaction. *any: there was something. */
gboolean structures_fix(struct store *store, gboolean *any, GError **error);
/* How the message is built is seen again, or not known. */
gboolean structure_renew(struct store *store, msgid id, GError **error);

/* ---- header.c ---- */

/* header_write from the message itself: 1, 0 it is not here as a whole, -1 error. */
int header_renew(struct store *store, msgid id, GError **error);
/* Takes out what is no text. */
gboolean header_clean(struct store *store, msgid id, GError **error);

/* ---- repair.c ---- */

/* The lock of whoever carries out the journal of the account in dir (core/journal.c); close(2) gives it back.
 * -1 with error. */
int repair_lock(const char *dir, GError **error);

/* ---- tables.c: what SQLite takes for the tables ---- */

/* The first table or index that is not what it has to be (g_free); NULL: all are. */
char *tables_wrong(sqlite3 *db);
/* Makes them so, in a file that nobody else has open. FALSE: it stays as it is. */
gboolean tables_mend(const char *path);

/* ---- salvage.c ---- */

/* What opening the database of dir tells. */
enum health salvage_health(const char *dir);
/* Sets the database of dir aside and makes a new one of what can be read, as it is: it has to be mended.
 * Tells how much that was. Gives the folder where the old one is (g_free); NULL with error. */
char *salvage(const char *dir, store_found found, void *user, GError **error);

/* ---- salvage-rows.c ---- */

/* Copies what can be read of a table of old into that of store, whose transaction is open; along the columns
 * of key, or NULL: along the rowid. How many rows that were; when the store could not take one, it has
 * failed, with error. */
gint64 salvage_rows(sqlite3 *old, struct store *store, const char *table, const char *key, GError **error);

#endif
