/* What the store costs: a first sync, opening, windows, flag changes. Prints figures, asserts none.
 *
 * bench-store [MESSAGES [FOLDER]]: 100000 messages by default, in a private temporary folder. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/files.h"
#include "store/store.h"

#define CHUNK 2000

static guint64 state = 42;

static guint64
random_below(guint64 n)
{
	state = state * G_GUINT64_CONSTANT(6364136223846793005) + G_GUINT64_CONSTANT(1442695040888963407);
	return (state >> 33) % n;
}

static void
must(gboolean ok, const GError *error)
{
	if (ok)
		return;
	fprintf(stderr, "bench-store: %s\n", error ? error->message : "failed");
	exit(1);
}

/* Resident memory of this process that is its own, kB. */
static long
memory(void)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/self/status", &text, NULL, NULL))
		return 0;
	line = strstr(text, "RssAnon:");
	return line ? strtol(line + 8, NULL, 10) : 0;
}

static double
since(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1000.0;
}

/* Processor time of this thread, us: what counts on a machine that others use too. */
static gint64
cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (gint64)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- messages that look like mail ---- */

static GPtrArray *
addresses(guint n, guint seed)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(mime_address_free);

	for (guint i = 0; i < n; i++) {
		struct mime_address *address = g_new(struct mime_address, 1);
		guint who = (seed * 7 + i * 13) % 900;

		address->name = g_strdup_printf("Correspondent Number%u", who);
		address->email = g_strdup_printf("person.%u@department.example.org", who);
		g_ptr_array_add(list, address);
	}
	return list;
}

static char *
id_of(gint64 uid)
{
	return g_strdup_printf("<CAF%08x.%" G_GINT64_FORMAT "@mail.example.org>", (guint)(uid * 2654435761u),
	                       uid);
}

/* Half of the messages are in threads of about six neighbours within a few hundred messages. */
static void
make_envelope(struct envelope *envelope, gint64 uid)
{
	gint64 thread = uid / 600 * 600 + uid % 50, depth = (uid - thread) / 50;
	GPtrArray *ids = g_ptr_array_new();

	memset(envelope, 0, sizeof *envelope);
	envelope->from = addresses(1, (guint)uid);
	envelope->to = addresses(1 + (guint)uid % 3, (guint)uid + 1);
	envelope->cc = addresses(uid % 4 == 0, (guint)uid + 2);
	envelope->subject =
	        g_strdup_printf("%sMinutes of meeting %" G_GINT64_FORMAT " and what follows from them",
	                        uid % 2 && depth ? "Re: " : "", thread);
	envelope->has_date = TRUE;
	envelope->date = 1500000000 + uid * 60;
	envelope->zone = 60;
	envelope->message_id = id_of(uid);
	for (gint64 i = MAX(0, depth - 6); uid % 2 && i < depth; i++)
		g_ptr_array_add(ids, id_of(thread + i * 50));
	envelope->in_reply_to = g_strdup(ids->len ? ids->pdata[ids->len - 1] : "");
	g_ptr_array_add(ids, NULL);
	envelope->references = (char **)g_ptr_array_free(ids, FALSE);
	envelope->list_id = g_strdup(uid % 3 ? "" : "<discuss.example.org>");
	envelope->content_type = g_strdup("text/plain");
}

static void
clear_envelope(struct envelope *envelope)
{
	g_ptr_array_unref(envelope->from);
	g_ptr_array_unref(envelope->to);
	g_ptr_array_unref(envelope->cc);
	g_free(envelope->subject);
	g_free(envelope->message_id);
	g_free(envelope->in_reply_to);
	g_strfreev(envelope->references);
	g_free(envelope->list_id);
	g_free(envelope->content_type);
}

/* ---- the measures ---- */

static gint64
add_chunk(struct store *store, gint64 folder, const struct store_message *messages, guint n)
{
	GError *error = NULL;
	gint64 start = g_get_monotonic_time();

	must(store_begin(store, FALSE, &error), error);
	for (guint i = 0; i < n; i++)
		must(store_add(store, folder, &messages[i], &error) != 0, error);
	must(store_commit(store, &error), error);
	return g_get_monotonic_time() - start;
}

static void
ingest(struct store *store, gint64 folder, gint64 total)
{
	static struct envelope envelopes[CHUNK];
	static struct store_message messages[CHUNK];
	gint64 spent = 0, longest = 0, took, worked = 0;

	for (gint64 next = total; next > 0;) {
		guint n = 0;

		for (; n < CHUNK && next > 0; n++, next--) {
			make_envelope(&envelopes[n], next);
			messages[n] = (struct store_message){.uid = (guint64)next,
			                                     .received = 1500000000 + next * 60 +
			                                                 (gint64)random_below(300),
			                                     .size = 4000 + random_below(90000),
			                                     .flags = random_below(5) ? FLAG_SEEN : 0,
			                                     .envelope = &envelopes[n]};
		}
		worked -= cpu();
		took = add_chunk(store, folder, messages, n);
		worked += cpu();
		spent += took;
		longest = MAX(longest, took);
		for (guint i = 0; i < n; i++)
			clear_envelope(&envelopes[i]);
	}
	printf("ingest          %8.2f us a message (processor %.2f), %.0f ms in all, longest chunk %.1f ms\n",
	       (double)spent / (double)total, (double)worked / (double)total, (double)spent / 1000.0,
	       (double)longest / 1000.0);
}

static void
first_screen(const char *dir, gboolean threads)
{
	GError *error = NULL;
	long before = memory();
	gint64 start = g_get_monotonic_time();
	struct store *store = store_open(dir, STORE_READ, &error);
	double opened = since(start);
	g_autoptr(GPtrArray) folders = NULL, rows = NULL;
	struct store_folder *folder;

	must(store != NULL, error);
	folders = store_folders(store, &error);
	must(folders != NULL, error);
	folder = folders->pdata[0];
	rows = g_ptr_array_new_with_free_func(threads ? g_free : store_row_free);
	must(threads ? store_threads(store, folder->id, NULL, TRUE, 60, rows, &error)
	             : store_rows(store, folder->id, NULL, TRUE, 60, rows, &error),
	     error);
	printf("first %-10s%8.2f ms (open %.2f ms), %u of %" G_GINT64_FORMAT ", +%ld kB\n",
	       threads ? "threads" : "rows", since(start), opened, rows->len, folder->rows,
	       memory() - before);
	store_close(store);
}

/* In a process of its own, so that its memory is seen. */
static void
apart(const char *dir, const char *what)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "bench-store", what, dir, NULL);
		_exit(1);
	}
	must(child > 0 && waitpid(child, NULL, 0) == child, NULL);
}

static void
windows(const char *dir, gint64 folder, gboolean threads)
{
	GError *error = NULL;
	struct store *store = store_open(dir, STORE_READ, &error);
	gint64 start, n = 0, longest = 0, took;
	struct store_key key = {0};
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(threads ? g_free : store_row_free);

	must(store != NULL, error);
	start = g_get_monotonic_time();
	do {
		gint64 begin = g_get_monotonic_time();

		g_ptr_array_set_size(rows, 0);
		must(threads ? store_threads(store, folder, n ? &key : NULL, TRUE, 60, rows, &error)
		             : store_rows(store, folder, n ? &key : NULL, TRUE, 60, rows, &error),
		     error);
		took = g_get_monotonic_time() - begin;
		longest = MAX(longest, took);
		if (rows->len)
			key = threads ? ((struct store_thread *)rows->pdata[rows->len - 1])->key
			              : ((struct store_row *)rows->pdata[rows->len - 1])->key;
		n++;
	} while (rows->len == 60 && n < 2000);
	printf("windows %-8s%8.3f ms each, longest %.3f ms, %" G_GINT64_FORMAT " windows, memory %ld kB\n",
	       threads ? "threads" : "rows", since(start) / (double)n, (double)longest / 1000.0, n, memory());
	store_close(store);
}

static void
flags(struct store *store, gint64 folder, gint64 total, gboolean scattered)
{
	GError *error = NULL;
	gint64 start = g_get_monotonic_time();

	must(store_begin(store, FALSE, &error), error);
	for (gint64 i = 0; i < 10000; i++) {
		guint64 uid = scattered ? 1 + random_below((guint64)total) : (guint64)(total - i % total);

		store_set_base(store, folder, uid, scattered ? FLAG_FLAGGED : FLAG_SEEN | FLAG_ANSWERED, NULL,
		               &error);
		must(!error, error);
	}
	must(store_commit(store, &error), error);
	printf("10000 flags     %8.2f ms (%s)\n", since(start), scattered ? "scattered" : "newest");
}

static void
journal(struct store *store, gint64 folder)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	g_autofree msgid *ids = g_new(msgid, 10000);
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	gint64 start;

	must(store_rows(store, folder, NULL, TRUE, 10000, rows, &error), error);
	for (guint i = 0; i < rows->len; i++)
		ids[i] = ((struct store_row *)rows->pdata[i])->id;
	start = g_get_monotonic_time();
	must(store_journal_flags(store, ids, rows->len, FLAG_FLAGGED, FLAG_SEEN, NULL, NULL, NULL, &error),
	     error);
	printf("journal %-8u%8.2f ms durable\n", rows->len, since(start));
	start = g_get_monotonic_time();
	must(store_ops(store, TRUE, 0, ops, &error), error);
	must(store_op_done(store, ((struct store_op *)ops->pdata[0])->id, &error), error);
	printf("done            %8.2f ms durable\n", since(start));
}

static void
uids(struct store *store, gint64 folder)
{
	struct uidset set;
	GError *error = NULL;
	gint64 start = g_get_monotonic_time();
	gint64 position;

	uidset_init(&set);
	must(store_uids(store, folder, 0, 0, &set, &error), error);
	printf("all uids        %8.2f ms\n", since(start));
	uidset_clear(&set);
	start = g_get_monotonic_time();
	must(store_uids(store, folder, FLAG_SEEN, 0, &set, &error), error);
	printf("unseen uids     %8.2f ms, %u ranges\n", since(start), set.len);
	uidset_clear(&set);
	start = g_get_monotonic_time();
	position = store_position(store, folder, &(struct store_key){1500000000, 0, 0}, 5000, &error);
	printf("position        %8.2f ms, %" G_GINT64_FORMAT "\n", since(start), position);
}

int
main(int argc, char **argv)
{
	gint64 total = argc > 1 ? g_ascii_strtoll(argv[1], NULL, 10) : 100000;
	g_autofree char *dir = argc > 2 ? g_strdup(argv[2]) : files_private_tmp(NULL);
	struct store_folder folder = {
	        .path = (char *)"INBOX", .wire = (char *)"INBOX", .delimiter = '/', .selectable = TRUE};
	GError *error = NULL;
	struct store *store;
	long before;

	setlocale(LC_ALL, "");
	if (argc == 3 && (strcmp(argv[1], "rows") == 0 || strcmp(argv[1], "threads") == 0)) {
		first_screen(argv[2], strcmp(argv[1], "threads") == 0);
		return 0;
	}
	must(dir != NULL && total > 0, NULL);
	before = memory();
	store = store_open(dir, STORE_WRITE, &error);
	must(store != NULL && store_folder_put(store, &folder, &error), error);
	ingest(store, folder.id, total);
	printf("writer          %8ld kB\n", memory() - before);
	store_close(store);
	apart(dir, "rows");
	apart(dir, "rows");
	apart(dir, "threads");
	store = store_open(dir, STORE_WRITE, &error);
	must(store != NULL, error);
	windows(dir, folder.id, FALSE);
	windows(dir, folder.id, TRUE);
	flags(store, folder.id, total, FALSE);
	flags(store, folder.id, total, TRUE);
	journal(store, folder.id);
	uids(store, folder.id);
	store_close(store);
	if (argc <= 2)
		files_remove_tree(dir);
	return 0;
}
