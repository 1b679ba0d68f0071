#include "base/error.h"
#include "memory-private.h"
#include "script.h"
#include "store/wanted.h"

/* Whole messages for a journey, over links that do not hold, and parts that were put off. */

static void
set_up(struct bed *bed)
{
	bed_make(bed);
	model_free(script_fill("work"));
	bed_sync(bed, "work");
}

static guint
count_whole(struct bed *bed, const char *path)
{
	gint64 folder = bed_folder(bed, "work", path);
	struct store *store = bed_store(bed, "work");
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	guint whole = 0;

	g_assert_true(store_rows(store, folder, NULL, TRUE, 1000, rows, NULL));
	for (guint i = 0; i < rows->len; i++)
		whole += store_has_part(store, ((struct store_row *)rows->pdata[i])->id, "");
	store_close(store);
	return whole;
}

static void
test_download(void)
{
	struct bed bed;

	set_up(&bed);
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(&bed, bed_about_folder(&bed, CMD_DOWNLOAD, "INBOX")), ==, FULMAR_OK);
	g_assert_cmpuint(count_whole(&bed, "INBOX"), ==, 10);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_DOWNLOAD, "Old", "<work20@example.org>")), ==,
	                FULMAR_OK);
	g_assert_cmpuint(count_whole(&bed, "Old"), ==, 1);
	bed_stop(&bed);
	bed_remove(&bed);
}

static gboolean
remembers_a_journey(struct bed *bed)
{
	struct store *store = bed_store(bed, "work");
	g_autoptr(GPtrArray) journeys = store_journeys(store);

	store_close(store);
	return journeys->len > 0;
}

/* Asked for without a network: it waits, and what it was is remembered by the next start. */
static void
test_download_offline(void)
{
	struct bed bed;
	guint64 id;

	set_up(&bed);
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	bed_send(&bed, bed_about_folder(&bed, CMD_DOWNLOAD, "INBOX"));
	g_assert_cmpint(bed_do(&bed, bed_about_folder(&bed, CMD_OPEN, "INBOX")), ==, FULMAR_NO_LINK);
	bed_stop(&bed);
	g_assert_true(remembers_a_journey(&bed));
	bed_start(&bed, "work", ACCOUNT_OFFLINE | ACCOUNT_NO_SECRETS);
	id = bed_send(&bed, bed_about_folder(&bed, CMD_DOWNLOAD, "INBOX"));
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_GO_ONLINE, "work")), ==, FULMAR_OK);
	g_assert_cmpint(bed_await(&bed, id), ==, FULMAR_OK);
	g_assert_cmpuint(count_whole(&bed, "INBOX"), ==, 10);
	g_assert_false(remembers_a_journey(&bed));
	bed_stop(&bed);
	bed_remove(&bed);
}

/* Its headers cannot be asked for either: the command ends while it begins. */
static void
test_download_of_nothing(void)
{
	struct bed bed;
	struct command *c = bed_command(CMD_DOWNLOAD, "work");

	set_up(&bed);
	c->folder = 4711;
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	bed_stop(&bed);
	bed_remove(&bed);
}

/* Verbs for bodies that do nothing, so many times, and say this of it. */
static struct {
	gint times;
	enum fulmar_error code;
} hindrance;

struct hindered {
	backend_done done;
	void *user;
};

static void
hindered_done(const GError *unused, void *user)
{
	g_autofree struct hindered *hindered = user;
	g_autoptr(GError) error = NULL;

	fulmar_fail(&error, hindrance.code, "arranged");
	hindered->done(error, hindered->user);
}

static gboolean
hinders(struct backend *b, backend_done done, void *user)
{
	struct hindered *hindered;

	if (g_atomic_int_get(&hindrance.times) <= 0)
		return FALSE;
	g_atomic_int_add(&hindrance.times, -1);
	hindered = g_new(struct hindered, 1);
	*hindered = (struct hindered){done, user};
	memory_ops.parts(b, NULL, NULL, 0, hindered_done, hindered);
	return TRUE;
}

static void
hindered_part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
              backend_done done, void *user)
{
	if (!hinders(b, done, user))
		memory_ops.part(b, id, section, progress, done, user);
}

static void
hindered_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
               void *user)
{
	if (!hinders(b, done, user))
		memory_ops.parts(b, ids, sections, n, done, user);
}

/* An account whose first verbs for bodies come to nothing, and a download; its command. */
static guint64
download_hindered(struct bed *bed, gint times, enum fulmar_error code)
{
	static struct backend_ops ops;

	ops = memory_ops;
	ops.part = hindered_part;
	ops.parts = hindered_parts;
	hindrance.code = code;
	g_atomic_int_set(&hindrance.times, times);
	bed_start_with(bed, &ops, "work", ACCOUNT_NO_SECRETS);
	return bed_send(bed, bed_about_folder(bed, CMD_DOWNLOAD, "INBOX"));
}

static struct command *
call_off(guint64 id)
{
	struct command *c = bed_command(CMD_CANCEL, "work");

	c->op = (gint64)id;
	return c;
}

/* Not now, three times running: it waits for better times. */
static void
test_download_waits(void)
{
	struct bed bed;

	set_up(&bed);
	g_assert_cmpint(bed_await(&bed, download_hindered(&bed, 3, FULMAR_NO_LINK)), ==, FULMAR_OK);
	g_assert_cmpuint(count_whole(&bed, "INBOX"), ==, 10);
	bed_stop(&bed);
	bed_remove(&bed);
}

/* One message does not come with the others and not alone either: the rest does. */
static void
test_download_refused(void)
{
	struct bed bed;

	set_up(&bed);
	g_assert_cmpint(bed_await(&bed, download_hindered(&bed, 2, FULMAR_FAILED)), ==, FULMAR_PARTLY);
	g_assert_cmpstr(bed.error, ==, "1 message could not be had: arranged");
	g_assert_cmpuint(count_whole(&bed, "INBOX"), ==, 9);
	g_assert_false(remembers_a_journey(&bed));
	bed_stop(&bed);
	bed_remove(&bed);
}

/* Called off while it waits for better times. */
static void
test_download_called_off_waiting(void)
{
	struct bed bed;
	guint64 id;

	set_up(&bed);
	id = download_hindered(&bed, 1000, FULMAR_NO_LINK);
	bed_await_waiting(&bed);
	g_assert_true(remembers_a_journey(&bed));
	g_assert_cmpint(bed_do(&bed, call_off(id)), ==, FULMAR_OK);
	g_assert_cmpint(bed_await(&bed, id), ==, FULMAR_CANCELLED);
	g_assert_false(remembers_a_journey(&bed));
	bed_stop(&bed);
	bed_remove(&bed);
}

/* Verbs that bring nothing, and do not end before they are let go. */
static struct {
	GMutex mutex;
	GCond change;
	guint begun, ended;
	struct backend *backend;
	backend_done done;
	void *user;
} held;

static void
count_held(guint *times)
{
	g_mutex_lock(&held.mutex);
	++*times;
	g_cond_signal(&held.change);
	g_mutex_unlock(&held.mutex);
}

static void
held_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
           void *user)
{
	held.done = done;
	held.user = user;
	held.backend = b;
	count_held(&held.begun);
}

static void
held_done(const GError *error, void *unused)
{
	held.done(error, held.user);
	count_held(&held.ended);
}

static gboolean
let_go(gpointer unused)
{
	memory_ops.parts(held.backend, NULL, NULL, 0, held_done, NULL);
	return G_SOURCE_REMOVE;
}

static void
await_held(const guint *times)
{
	gint64 end = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;

	g_mutex_lock(&held.mutex);
	while (!*times)
		g_assert_true(g_cond_wait_until(&held.change, &held.mutex, end));
	g_mutex_unlock(&held.mutex);
}

/* Called off while messages are under way: no more are asked for. */
static void
test_download_called_off(void)
{
	struct backend_ops ops = memory_ops;
	g_autoptr(GSource) source = g_idle_source_new();
	struct bed bed;
	guint64 id;

	set_up(&bed);
	ops.parts = held_parts;
	bed_start_with(&bed, &ops, "work", ACCOUNT_NO_SECRETS);
	id = bed_send(&bed, bed_about_folder(&bed, CMD_DOWNLOAD, "INBOX"));
	await_held(&held.begun);
	g_assert_true(remembers_a_journey(&bed));
	g_assert_cmpint(bed_do(&bed, call_off(id)), ==, FULMAR_OK);
	g_assert_cmpint(bed_await(&bed, id), ==, FULMAR_CANCELLED);
	g_source_set_callback(source, let_go, NULL, NULL);
	g_source_attach(source, held.backend->env->context);
	await_held(&held.ended);
	bed_stop(&bed);
	g_assert_cmpuint(held.begun, ==, 1);
	g_assert_cmpuint(count_whole(&bed, "INBOX"), ==, 0);
	g_assert_false(remembers_a_journey(&bed));
	bed_remove(&bed);
}

/* Put off, and then not wanted any more. */
static void
test_later_dropped(void)
{
	struct bed bed;
	struct command *c;
	struct store *store;
	g_autoptr(GPtrArray) laters = NULL;

	set_up(&bed);
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_LATER, "Old", "<work20@example.org>")), ==,
	                FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_LATER, "Old", "<work21@example.org>")), ==,
	                FULMAR_OK);
	c = bed_about(&bed, CMD_LATER, "Old", "<work20@example.org>");
	c->add = 1;
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	store = bed_store(&bed, "work");
	laters = store_laters(store);
	g_assert_cmpuint(laters->len, ==, 1);
	g_assert_cmpint(((struct store_later *)laters->pdata[0])->id, ==,
	                bed_row(&bed, "work", "Old", "<work21@example.org>"));
	store_close(store);
	bed_stop(&bed);
	bed_remove(&bed);
}

/* Asked for on the train, fetched in the evening. */
static void
test_later(void)
{
	struct bed bed;

	set_up(&bed);
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_LATER, "Old", "<work20@example.org>")), ==,
	                FULMAR_OK);
	bed_stop(&bed);
	g_assert_cmpuint(count_whole(&bed, "Old"), ==, 0);
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	bed_await_body(&bed);
	bed_stop(&bed);
	g_assert_cmpuint(count_whole(&bed, "Old"), ==, 1);
	bed_remove(&bed);
}

int
main(int argc, char **argv)
{
	g_setenv("LC_ALL", "C", TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/download/whole", test_download);
	g_test_add_func("/download/offline", test_download_offline);
	g_test_add_func("/download/of-nothing", test_download_of_nothing);
	g_test_add_func("/download/called-off", test_download_called_off);
	g_test_add_func("/download/waits", test_download_waits);
	g_test_add_func("/download/refused", test_download_refused);
	g_test_add_func("/download/called-off-waiting", test_download_called_off_waiting);
	g_test_add_func("/download/later", test_later);
	g_test_add_func("/download/later-dropped", test_later_dropped);
	return g_test_run();
}
