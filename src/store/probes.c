#include <string.h>
#include "base/i18n.h"
#include "store/check-private.h"
#include "store/maildrop.h"

/* Each probe finds one kind of fault, folder by folder, and says how it is put right. What is counted or
 * derived is made anew from the rows; a row that contradicts itself goes, and is fetched again. Probes that
 * take rows away stand before those that find what the rows leave behind.
 */

#define SHOWN "((m.base | m.pending_add) & ~m.pending_remove)"
#define UNSEEN "(" SHOWN " & 1 = 0)"
#define HAS(table) "EXISTS (SELECT 1 FROM " table " t WHERE t.id = m.id)"
#define IN_FILE "EXISTS (SELECT 1 FROM place t WHERE t.id = m.id AND t.file IS NOT NULL)"
/* An op that still says where its rows are shown or what their flags are; 3 is OP_FAILED. */
#define MASKED \
	"EXISTS (SELECT 1 FROM op_row o JOIN op ON op.id = o.op WHERE o.id = m.id AND op.verb = 0" \
	" AND op.state <> 3)"
/* Rows of places and envelopes whose message is gone, and the like; and those that say of it what cannot be:
 * they are what some other table had, and match nothing or anything. */
#define ORPHANS_OR(table, wrong) \
	"SELECT 0, count(*), min(id) FROM " table " WHERE id NOT IN (SELECT id FROM message) OR " wrong
#define DROP_ORPHANS_OR(table, wrong) \
	"DELETE FROM " table " WHERE id NOT IN (SELECT id FROM message) OR " wrong
#define ORPHANS(table) ORPHANS_OR(table, "FALSE")
#define DROP_ORPHANS(table) DROP_ORPHANS_OR(table, "FALSE")
#define NO_NUMBER(column) "typeof(" column ") <> 'integer'"
#define NO_FOLDER "folder NOT IN (SELECT id FROM folder)"
#define BAD_PLACE \
	NO_NUMBER("folder") \
	" OR typeof(uid) NOT IN ('integer', 'null') OR uid < 1 OR (uid IS NULL AND file IS NULL)"
#define BAD_AWAITED NO_FOLDER " OR " NO_NUMBER("since") " OR " NO_NUMBER("mark") " OR " NO_NUMBER("passes")
#define BAD_UNBOUND NO_NUMBER("hash") " OR (folder <> 0 AND " NO_FOLDER ")"
#define BAD_LIMBO NO_NUMBER("since") " OR " NO_NUMBER("origin") " OR " NO_NUMBER("op")

#define BAD_ARRIVALS NO_NUMBER("folder") " OR " NO_NUMBER("step")

/* What is known of a message by mistake would not be fetched again. */
#define NO_NUMBERS(a, b) NO_NUMBER(a) " OR " NO_NUMBER(b)
#define BAD_DROPS \
	NO_NUMBERS("nth", "size") \
	" OR " NO_NUMBERS("digest", "since") " OR " NO_NUMBER( \
	        "state") " OR state NOT BETWEEN 0 AND 2" \
	                 " OR typeof(uidl) <> 'blob' OR msg NOT IN (SELECT id FROM message)"

G_STATIC_ASSERT(OP_FLAG == 0 && OP_FAILED == 3 && OP_VERBS == 12 && OP_STATES == 6 && DROP_STATES == 3);
G_STATIC_ASSERT(HAVE_STRUCTURE == 1 && HAVE_TEXT == 2 && HAVE_PART == 4 && HAVE_WHOLE == 8);

enum style {
	SET,   /* the second and third column: how many, the first of them */
	COUNTS /* what is written down, what is there */
};

struct probe {
	const char *kind;
	enum style style;
	const char *sql; /* gives rows of: folder (0 none), two numbers */
	const char *what;
	const char *remedy, *done;
	const char *const *fix; /* SQL, NULL-terminated; NULL: counting anew puts it right */
	gboolean doubt;         /* the folder has to be compared with the server's */
};

#define FIX(...) ((const char *const[]){__VA_ARGS__, NULL})
#define GOES N_("--repair removes them, and the next sync fetches them again")
#define WENT N_("removed; the next sync fetches them again")
#define DROPS N_("--repair removes them")
#define DROPPED N_("removed")
#define COUNTS_ANEW N_("--repair counts anew")
#define COUNTED_ANEW N_("counted anew")

#define BAD_TYPES \
	"typeof(m.folder) <> 'integer' OR typeof(m.uid) NOT IN ('integer', 'null') OR typeof(m.ord) <> " \
	"'integer'" \
	" OR typeof(m.received) <> 'integer' OR typeof(m.size) <> 'integer' OR typeof(m.base) <> 'integer'" \
	" OR typeof(m.pending_add) <> 'integer' OR typeof(m.pending_remove) <> 'integer'" \
	" OR typeof(m.thread) <> 'integer' OR typeof(m.have) <> 'integer' OR m.uid < 1 OR m.base & ~63"
#define LOST \
	"m.uid IS NULL AND m.file IS NULL AND m.folder <> 0 AND NOT " HAS("place") " AND NOT " HAS( \
	        "unbound") " AND NOT " HAS("awaited") " AND NOT " HAS("op_row")
/* What is lost of such a store cannot be fetched again (serve.c). */
#define SERVES "EXISTS (SELECT 1 FROM meta WHERE key = 'user:serves')"
#define INBOX "(SELECT min(id) FROM folder WHERE path = 'INBOX' AND wish = 0)"
#define ASTRAY "folder <> 0 AND folder NOT IN (SELECT id FROM folder)"
#define BAD_OPS "typeof(verb) <> 'integer' OR verb NOT BETWEEN 0 AND 11 OR state NOT BETWEEN 0 AND 5"
#define IDLE_OPS "verb IN (0, 1, 2, 3, 4, 10, 11) AND upto = 0 AND id NOT IN (SELECT op FROM op_row)"
/* One that failed says why until somebody has seen it, also of a folder that has gone. */
#define LOST_OPS \
	"state <> 3 AND ((folder <> 0 AND folder NOT IN (SELECT id FROM folder))" \
	" OR (target <> 0 AND target NOT IN (SELECT id FROM folder)))"
#define TWO_PLACES \
	"(p.folder NOT IN (SELECT id FROM folder) OR EXISTS (SELECT 1 FROM message o WHERE o.id = p.id" \
	" AND (o.uid IS NOT NULL OR o.file IS NOT NULL)) OR EXISTS (SELECT 1 FROM message o" \
	" WHERE o.folder = p.folder AND o.uid = p.uid))"
#define WRONG_MASKS \
	"(m.pending_add | m.pending_remove OR m.keywords_add IS NOT NULL OR m.keywords_remove IS NOT NULL)" \
	" AND (m.pending_add & m.pending_remove OR NOT " MASKED ")"
#define PARTS_HERE \
	"(SELECT 8 * (count(*) > count(nullif(p.section, ''))) + 4 * (count(nullif(p.section, '')) > 0)" \
	" FROM part p WHERE p.id = m.id)"
#define TREE_HERE "(" HAS("structure") ")"
#define WRONG_HAVE \
	"m.file IS NULL AND NOT " IN_FILE " AND (m.have & 12 <> " PARTS_HERE " OR m.have & 1 <> " TREE_HERE \
	")"
/* Where the last op that moves it and has not failed puts a row: NULL nowhere. */
#define MOVING \
	"(op.verb BETWEEN 1 AND 5 OR op.verb = 11 OR (op.verb = 10 AND op.add_flags = 1)) AND op.state <> 3"
#define PUT_IN \
	"(SELECT iif(o.source = -1, 0, op.target) FROM op_row o JOIN op ON op.id = o.op WHERE o.id = m.id " \
	"AND " MOVING " ORDER BY o.op DESC LIMIT 1)"
/* Such an op is not believed of a message that it cannot be of: it might be one that deletes. */
#define NOT_ITS_OWN \
	"id IN (SELECT m.id FROM message m WHERE m.folder <> " PUT_IN \
	" AND NOT " HAS("place") ")" \
	                         " AND op IN (SELECT id FROM op WHERE " MOVING ")"
#define BEYOND \
	"id IN (SELECT m.id FROM message m WHERE m.folder <> " PUT_IN ")" \
	" AND op IN (SELECT id FROM op WHERE " MOVING " AND verb <> 1)"
/* What a folder is called, and whether it is shown, follows from the server and from ops. */
#define CALLED \
	"coalesce((SELECT o.path FROM op_folder o JOIN op ON op.id = o.op WHERE o.folder = folder.id" \
	" AND op.state <> 3 ORDER BY o.op DESC LIMIT 1), server_path)"
#define TAKEN_AWAY \
	"(EXISTS (SELECT 1 FROM op WHERE verb = 8 AND op.folder = folder.id AND state <> 3) OR (wish AND" \
	" total = 0 AND EXISTS (SELECT 1 FROM op WHERE verb = 6 AND op.target = folder.id AND state = 3)))"
#define SUBSCRIBED \
	"coalesce((SELECT add_flags FROM op WHERE verb = 9 AND op.folder = folder.id AND state <> 3" \
	" ORDER BY op.id DESC LIMIT 1), server_subscribed)"
/* INBOX has that name on every server (RFC 3501 5.1); in a Maildir it is the directory itself. */
#define NO_INBOX \
	"server_path = 'INBOX' AND wish = 0 AND wire NOT IN ('INBOX', '.')" \
	" AND NOT EXISTS (SELECT 1 FROM folder WHERE wire = 'INBOX' AND wish = 0)" \
	" AND NOT EXISTS (SELECT 1 FROM message WHERE file IS NOT NULL)" \
	" AND NOT EXISTS (SELECT 1 FROM place WHERE file IS NOT NULL)"
#define MISCALLED "(path <> " CALLED " OR removed <> " TAKEN_AWAY " OR subscribed <> " SUBSCRIBED ")"
/* A row is shown away from its place as long as an op that moves it is there, or it rests in limbo. */
#define STRAYED "FROM place p JOIN message m ON m.id = p.id WHERE m.folder <> 0 AND " PUT_IN " IS NULL"

static const struct probe probes[] = {
        {"row", SET,
         "SELECT m.folder, count(*), min(m.id) FROM message m WHERE " BAD_TYPES " GROUP BY m.folder",
         N_("mails with numbers that cannot be"), GOES, WENT,
         FIX("DELETE FROM message AS m WHERE " BAD_TYPES), TRUE},
        {"row", SET, "SELECT 0, count(*), min(id) FROM message WHERE " ASTRAY " AND NOT " SERVES,
         N_("mails in a folder that is not there"), GOES, WENT,
         FIX("DELETE FROM message WHERE " ASTRAY " AND NOT " SERVES), TRUE},
        {"row", SET, "SELECT 0, count(*), min(id) FROM message WHERE " ASTRAY " AND " SERVES,
         N_("mails in a folder that is not there"), N_("--repair puts them into INBOX"), N_("put into INBOX"),
         FIX("UPDATE message SET folder = " INBOX ", uid = NULL WHERE " ASTRAY " AND " SERVES " AND " INBOX
             " IS NOT NULL"),
         TRUE},
        {"row", SET,
         "SELECT m.folder, count(*), min(m.id) FROM message m WHERE NOT " HAS(
                 "envelope") " GROUP BY m.folder",
         N_("mails without a header"), GOES, WENT, FIX("DELETE FROM message AS m WHERE NOT " HAS("envelope")),
         TRUE},
        {"op", SET, "SELECT 0, count(*), min(id) FROM op WHERE " BAD_OPS,
         N_("queued changes that say nothing"), DROPS, DROPPED, FIX("DELETE FROM op WHERE " BAD_OPS), TRUE},
        {"op", SET, "SELECT 0, count(*), min(id) FROM op WHERE " LOST_OPS,
         N_("queued changes of a folder that is not there"), DROPS, DROPPED,
         FIX("DELETE FROM op WHERE " LOST_OPS), TRUE},
        {"op", SET, "SELECT 0, count(*), min(id) FROM op_row WHERE op NOT IN (SELECT id FROM op)",
         N_("messages of queued changes that are not there"), DROPS, DROPPED,
         FIX("DELETE FROM op_row WHERE op NOT IN (SELECT id FROM op)"), TRUE},
        {"op", SET, ORPHANS("op_row"), N_("queued changes of messages that are not there"), DROPS, DROPPED,
         FIX(DROP_ORPHANS("op_row")), FALSE},
        {"op", SET, "SELECT 0, count(*), min(id) FROM op WHERE " IDLE_OPS, N_("queued changes of no message"),
         DROPS, DROPPED, FIX("DELETE FROM op WHERE " IDLE_OPS), FALSE},
        {"op", SET, "SELECT id, 1, id FROM folder WHERE " NO_INBOX, N_("names that no queued change gives"),
         N_("--repair shows the server's"), N_("the server's are shown"),
         FIX("UPDATE OR IGNORE folder SET wire = 'INBOX' WHERE " NO_INBOX), FALSE},
        {"op", SET, "SELECT id, 1, id FROM folder WHERE " MISCALLED, N_("names that no queued change gives"),
         N_("--repair shows the server's"), N_("the server's are shown"),
         /* Which of two names is wrong the next list of the server tells. */
         FIX("UPDATE folder SET server_path = wire WHERE path <> " CALLED " AND id NOT IN (SELECT folder"
             " FROM op_folder)",
             "UPDATE folder SET path = " CALLED ", removed = " TAKEN_AWAY ", subscribed = " SUBSCRIBED
             " WHERE " MISCALLED),
         FALSE},
        {"op", SET, "SELECT 0, count(*), min(op) FROM op_folder WHERE op NOT IN (SELECT id FROM op)",
         N_("names that no queued change gives"), DROPS, DROPPED,
         FIX("DELETE FROM op_folder WHERE op NOT IN (SELECT id FROM op)"), FALSE},
        {"place", SET, ORPHANS_OR("place", BAD_PLACE), N_("places of messages that are not there"), DROPS,
         DROPPED, FIX(DROP_ORPHANS_OR("place", BAD_PLACE)), FALSE},
        {"place", SET,
         "SELECT p.folder, count(*), min(p.id) FROM place p WHERE " TWO_PLACES " GROUP BY p.folder",
         N_("mails that the server seems to have at two places"), DROPS, DROPPED,
         FIX("DELETE FROM place AS p WHERE " TWO_PLACES), TRUE},
        {"place", SET,
         "SELECT m.folder, count(*), min(m.id) FROM message m WHERE m.folder <> " PUT_IN " GROUP BY m.folder",
         N_("mails that are shown here though nothing moves them here"),
         N_("--repair puts them back where the server has them"), N_("put back where the server has them"),
         FIX("DELETE FROM op_row WHERE " NOT_ITS_OWN, "DELETE FROM op_row WHERE " BEYOND,
             "UPDATE message AS m SET folder = " PUT_IN " WHERE m.folder <> " PUT_IN),
         TRUE},
        {"place", SET, "SELECT m.folder, count(*), min(p.id) " STRAYED " GROUP BY m.folder",
         N_("mails that are shown here though nothing moves them here"),
         N_("--repair puts them back where the server has them"), N_("put back where the server has them"),
         FIX("UPDATE message SET folder = p.folder, uid = p.uid, file = p.file FROM (SELECT p.* " STRAYED
             ") AS p WHERE message.id = p.id",
             "DELETE FROM place WHERE id IN (SELECT id FROM message WHERE uid IS NOT NULL OR file IS NOT "
             "NULL)"),
         TRUE},
        {"row", SET,
         "SELECT m.folder, count(*), min(m.id) FROM message m WHERE " LOST " AND NOT " SERVES
         " GROUP BY m.folder",
         N_("mails that the server has nowhere"), GOES, WENT,
         FIX("DELETE FROM message AS m WHERE " LOST " AND NOT " SERVES), TRUE},
        {"row", SET,
         "SELECT m.folder, count(*), min(m.id) FROM message m WHERE " LOST " AND " SERVES
         " GROUP BY m.folder",
         N_("mails without a number"), N_("--repair gives them one"), N_("they get one"),
         FIX("INSERT OR IGNORE INTO unbound SELECT m.folder, 0, m.id FROM message m WHERE " LOST
             " AND " SERVES),
         TRUE},
        {"row", SET,
         "SELECT m.folder, count(*), min(m.id) FROM message m WHERE m.folder = 0 AND NOT " HAS("limbo"),
         N_("deleted mails that would rest here for ever"), N_("--repair lets them rest for a day"),
         N_("they rest for a day"),
         FIX("INSERT INTO limbo SELECT m.id, strftime('%s', 'now'), 0, 0 FROM message m WHERE m.folder = 0"
             " AND NOT " HAS("limbo")),
         FALSE},
        {"row", SET,
         "SELECT 0, count(*), min(id) FROM limbo WHERE id NOT IN (SELECT id FROM message WHERE folder = 0) "
         "OR " BAD_LIMBO,
         N_("deleted mails that are not there"), DROPS, DROPPED,
         FIX("DELETE FROM limbo WHERE id NOT IN (SELECT id FROM message WHERE folder = 0) OR " BAD_LIMBO),
         FALSE},
        {"row", SET, ORPHANS("envelope"), N_("headers of mails that are not there"), DROPS, DROPPED,
         FIX(DROP_ORPHANS("envelope")), FALSE},
        {"row", SET, ORPHANS("structure"), N_("structures of mails that are not there"), DROPS, DROPPED,
         FIX(DROP_ORPHANS("structure")), FALSE},
        {"row", SET, ORPHANS_OR("unbound", BAD_UNBOUND), N_("mails to be known again that are not there"),
         DROPS, DROPPED, FIX(DROP_ORPHANS_OR("unbound", BAD_UNBOUND)), FALSE},
        {"row", SET, ORPHANS_OR("awaited", BAD_AWAITED), N_("mails to be waited for that are not there"),
         DROPS, DROPPED, FIX(DROP_ORPHANS_OR("awaited", BAD_AWAITED)), FALSE},
        {"body", SET, ORPHANS("part"), N_("bodies of mails that are not there"), DROPS, DROPPED,
         FIX(DROP_ORPHANS("part")), FALSE},
        {"row", SET, "SELECT 0, count(*), min(id) FROM maildrop WHERE " BAD_DROPS,
         N_("mails of a maildrop that are not there"), GOES, WENT,
         FIX("DELETE FROM maildrop WHERE " BAD_DROPS), FALSE},
        {"row", SET, ORPHANS_OR("arrival", BAD_ARRIVALS), N_("mails for rules to look at that are not there"),
         DROPS, DROPPED, FIX(DROP_ORPHANS_OR("arrival", BAD_ARRIVALS)), FALSE},
        {"row", SET,
         "SELECT m.folder, count(*), min(m.id) FROM message m WHERE " WRONG_MASKS " GROUP BY m.folder",
         N_("mails with flags that no queued change sets"), N_("--repair shows the server's"),
         N_("the server's are shown"),
         FIX("UPDATE message AS m SET pending_add = 0, pending_remove = 0, keywords_add = NULL,"
             " keywords_remove = NULL WHERE " WRONG_MASKS),
         TRUE},
        {"body", SET,
         "SELECT m.folder, count(*), min(m.id) FROM message m WHERE " WRONG_HAVE " GROUP BY m.folder",
         N_("mails that say wrongly whether their text is here"), N_("--repair looks again"),
         N_("looked again"),
         FIX("UPDATE message AS m SET have = " TREE_HERE " | " PARTS_HERE " WHERE " WRONG_HAVE), FALSE},
        {"row", SET,
         "SELECT 0, count(*), min(id) FROM message"
         " WHERE id > (SELECT value FROM meta WHERE key = 'last_id')",
         N_("mails with numbers that were not given out yet"), N_("--repair goes on behind them"),
         N_("the next ones come behind them"),
         FIX("INSERT OR REPLACE INTO meta SELECT 'last_id', max(id) FROM message"), FALSE},
        {"op", SET, "SELECT 0, count(*), min(step) FROM step_entry WHERE step NOT IN (SELECT id FROM step)",
         N_("what no step of undo undoes"), DROPS, DROPPED,
         FIX("DELETE FROM step_entry WHERE step NOT IN (SELECT id FROM step)"), FALSE},
        {"thread", SET,
         "SELECT folder, count(*), min(id) FROM (SELECT id, folder, head, row_number() OVER (PARTITION BY"
         " folder, thread ORDER BY received DESC, ord DESC, id DESC) AS place FROM message)"
         " WHERE head <> (place = 1 AND folder <> 0) GROUP BY folder",
         N_("conversations that do not begin with their newest mail"), COUNTS_ANEW, COUNTED_ANEW, NULL,
         FALSE},
        {"thread", SET,
         "SELECT folder, count(*), min(id) FROM (SELECT id, folder, head, thread_count, thread_unread,"
         " count(*) OVER w AS n, sum" UNSEEN " OVER w AS unseen FROM message m"
         " WINDOW w AS (PARTITION BY folder, thread)) WHERE (head AND (thread_count <> n OR thread_unread <>"
         " unseen)) OR (NOT head AND (thread_count OR thread_unread)) GROUP BY folder",
         N_("conversations that are counted wrongly"), COUNTS_ANEW, COUNTED_ANEW, NULL, FALSE},
        {"counter", COUNTS,
         "SELECT f.id, f.total, n FROM (SELECT f.*, (SELECT count(*) FROM message m WHERE m.folder = f.id) "
         "AS n"
         " FROM folder f) AS f WHERE total <> n",
         N_("mails"), COUNTS_ANEW, COUNTED_ANEW, NULL, FALSE},
        {"counter", COUNTS,
         "SELECT f.id, f.unread, n FROM (SELECT f.*, (SELECT count(*) FROM message m WHERE m.folder = f.id"
         " AND " UNSEEN ") AS n FROM folder f) AS f WHERE unread <> n",
         N_("unread mails"), COUNTS_ANEW, COUNTED_ANEW, NULL, FALSE},
        {"counter", COUNTS,
         "SELECT f.id, f.bound, n FROM (SELECT f.*, (SELECT count(*) FROM message m WHERE m.folder = f.id"
         " AND (m.uid IS NOT NULL OR m.file IS NOT NULL)) + (SELECT count(*) FROM place p WHERE p.folder ="
         " f.id) AS n FROM folder f) AS f WHERE bound <> n",
         N_("mails on the server"), COUNTS_ANEW, COUNTED_ANEW, NULL, FALSE},
        {"counter", COUNTS,
         "SELECT f.id, f.unread_base, n FROM (SELECT f.*, (SELECT count(*) FROM message m WHERE m.folder ="
         " f.id AND (m.uid IS NOT NULL OR m.file IS NOT NULL) AND m.base & 1 = 0) + (SELECT count(*)"
         " FROM place p JOIN message m ON m.id = p.id WHERE p.folder = f.id AND m.base & 1 = 0) AS n"
         " FROM folder f) AS f WHERE unread_base <> n",
         N_("unread mails on the server"), COUNTS_ANEW, COUNTED_ANEW, NULL, FALSE},
        {"counter", COUNTS,
         "SELECT f.id, f.threads, n FROM (SELECT f.*, (SELECT count(DISTINCT m.thread) FROM message m"
         " WHERE m.folder = f.id) AS n FROM folder f) AS f WHERE threads <> n",
         N_("conversations"), COUNTS_ANEW, COUNTED_ANEW, NULL, FALSE},
};

/* What all counters and threads are, from the rows alone. Unread is counted last: flags are right by then. */
static const char *const recount[] = {
        "UPDATE message SET head = 0, thread_count = 0, thread_unread = 0"
        " WHERE head OR thread_count OR thread_unread",
        "UPDATE message SET head = 1, thread_count = n, thread_unread = unseen FROM (SELECT id AS newest, n,"
        " unseen FROM (SELECT id, count(*) OVER w AS n, sum" UNSEEN " OVER w AS unseen, row_number() OVER"
        " (PARTITION BY folder, thread ORDER BY received DESC, ord DESC, id DESC) AS place FROM message m"
        " WHERE folder <> 0 WINDOW w AS (PARTITION BY folder, thread)) WHERE place = 1) WHERE id = newest",
        "UPDATE folder AS f SET revision = revision + 1,"
        " total = (SELECT count(*) FROM message m WHERE m.folder = f.id),"
        " unread = (SELECT count(*) FROM message m WHERE m.folder = f.id AND " UNSEEN "),"
        " threads = (SELECT count(DISTINCT m.thread) FROM message m WHERE m.folder = f.id),"
        " bound = (SELECT count(*) FROM message m WHERE m.folder = f.id AND (m.uid IS NOT NULL OR m.file IS "
        "NOT"
        " NULL)) + (SELECT count(*) FROM place p WHERE p.folder = f.id),"
        " unread_base = (SELECT count(*) FROM message m WHERE m.folder = f.id AND (m.uid IS NOT NULL OR "
        "m.file"
        " IS NOT NULL) AND m.base & 1 = 0) + (SELECT count(*) FROM place p JOIN message m ON m.id = p.id"
        " WHERE p.folder = f.id AND m.base & 1 = 0)",
        NULL};

/* ---- looking ---- */

static void
tell(struct look *look, const struct probe *probe, gint64 folder, gint64 a, gint64 b)
{
	g_autofree char *what = probe->style == SET
	                                ? g_strdup_printf(_("%s: %lld, the first is %lld"), _(probe->what),
	                                                  (long long)a, (long long)b)
	                                : g_strdup_printf(_("%s: %lld are counted, and %lld are there"),
	                                                  _(probe->what), (long long)a, (long long)b);

	look_tell(look, probe->kind, look_folder(look, folder), what, _(probe->remedy), _(probe->done));
}

/* Folders where probe finds something are appended to folders (may be NULL); n of them. -1 with error. */
static int
run(struct store *store, struct look *look, const struct probe *probe, GArray *folders, GError **error)
{
	sqlite3_stmt *statement = store_sql(store, probe->sql, NULL, 0, error);
	int result = statement ? 0 : -1, n = 0;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		gint64 folder = sqlite3_column_int64(statement, 0), a = sqlite3_column_int64(statement, 1);

		if (probe->style == SET && !a)
			continue;
		n++;
		if (look)
			tell(look, probe, folder, a, sqlite3_column_int64(statement, 2));
		if (folders)
			g_array_append_val(folders, folder);
	}
	return result < 0 ? -1 : n;
}

gboolean
probes_look(struct look *look, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(probes); i++)
		if (run(look->store, look, &probes[i], NULL, error) < 0)
			return FALSE;
	return TRUE;
}

/* ---- putting right ---- */

gboolean
probes_doubt(struct store *store, gint64 folder, GError **error)
{
	static const char sql[] = "UPDATE folder SET modseq = 0, present = 0, synced = 0, complete = 0"
	                          " WHERE id = ?1 OR ?1 = 0";
	/* The server is not asked for what is beyond that which it has yet to give out. */
	static const char beyond[] =
	        "DELETE FROM message AS m WHERE (folder = ?1 OR ?1 = 0) AND uid >= (SELECT uidnext FROM "
	        "folder f"
	        " WHERE f.id = m.folder AND uidnext > 0) AND id NOT IN (SELECT id FROM op_row) AND "
	        "NOT " SERVES;

	return store_run(store, beyond, VALUES(folder), error) &&
	       store_run(store, sql, VALUES(folder), error);
}

static gboolean
run_all(struct store *store, const char *const *list, GError **error)
{
	for (; list && *list; list++)
		if (!store_run(store, *list, NULL, 0, error))
			return FALSE;
	return TRUE;
}

static gboolean
fix(struct store *store, const struct probe *probe, gboolean *any, GError **error)
{
	g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(gint64));
	int n = run(store, NULL, probe, folders, error);

	if (n <= 0)
		return n == 0;
	*any = TRUE;
	for (guint i = 0; probe->doubt && i < folders->len; i++)
		if (!probes_doubt(store, g_array_index(folders, gint64, i), error))
			return FALSE;
	return run_all(store, probe->fix, error);
}

gboolean
probes_recount(struct store *store, GError **error)
{
	return run_all(store, recount, error);
}

gboolean
probes_fix(struct store *store, gboolean *any, GError **error)
{
	*any = FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(probes); i++)
		if (!fix(store, &probes[i], any, error))
			return FALSE;
	return !*any || probes_recount(store, error);
}
