#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "base/idset.h"
#include "core/account-private.h"

void
account_post(struct account *a, struct event *event)
{
	bus_post(a->bus, event);
}

struct event *
account_event(struct account *a, enum event_kind kind)
{
	return event_new(kind, a->settings->id);
}

char *
account_store_dir(const struct conf_account *settings)
{
	g_autofree char *data = files_xdg("DATA");

	return g_build_filename(data, settings->id, NULL);
}

static gboolean
has_inbox(struct account *a, gboolean *here, GError **error)
{
	GError *failed = NULL;
	struct store_folder *inbox = store_folder_by_path(a->store, "INBOX", &failed);

	*here = inbox != NULL;
	g_clear_pointer(&inbox, store_folder_free);
	if (failed)
		g_propagate_error(error, failed);
	return failed == NULL;
}

/* So that a person can open it before the first LIST was answered. */
static gboolean
ensure_inbox(struct account *a, GError **error)
{
	struct store_folder new = {
	        .path = (char *)"INBOX",
	        .wire = (char *)"INBOX",
	        .role = (char *)"inbox",
	        .selectable = TRUE,
	        .subscribed = TRUE,
	        .rights = (char *)"",
	};
	gboolean here, ok;

	if (!has_inbox(a, &here, error) || here)
		return here;
	if (!store_begin(a->store, FALSE, error))
		return FALSE;
	/* Another process may have listed the folders in the meantime. */
	ok = has_inbox(a, &here, error) && (here || store_folder_put(a->store, &new, error));
	if (ok)
		return store_commit(a->store, error);
	store_rollback(a->store);
	return FALSE;
}

/* The screen's thread should win a contested processor: bulk work here gives way. */
static void
be_nice(void)
{
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 5);
}

static void
settle(struct account *a)
{
	gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;

	lanes_close(a);
	a->ops->unlink(a->backend);
	while (g_get_monotonic_time() < end && g_main_context_iteration(a->context, FALSE))
		;
	link_stop(a); /* what ended meanwhile may have begun another wait */
}

static gpointer
run(gpointer user)
{
	struct account *a = user;

	g_main_context_push_thread_default(a->context);
	if (!(a->flags & ACCOUNT_BATCH))
		be_nice();
	a->backend = a->lanes[LANE_PERSON].backend = a->ops->create(&a->lanes[LANE_PERSON].env);
	rules_open(a);
	journal_show(a);
	if (!(a->flags & ACCOUNT_BATCH)) {
		link_start_ticking(a);
		journal_start_polling(a);
		leave_begin(a);
	}
	work_on(a);
	link_show(a);
	g_main_loop_run(a->loop);
	a->offline = TRUE;
	link_stop(a);
	settle(a);
	rules_close(a);
	bus_detach(a->bus, a->settings->id);
	for (guint n = 0; n < LANES; n++)
		if (a->lanes[n].backend)
			a->ops->destroy(a->lanes[n].backend);
	g_main_context_pop_thread_default(a->context);
	return NULL;
}

static void
account_free(struct account *a)
{
	struct request *r;

	while ((r = g_queue_peek_head(&a->requests)))
		request_end(r, NULL);
	journal_close(a);
	leave_unlock(a);
	g_clear_pointer(&a->store, store_close);
	g_clear_pointer(&a->loop, g_main_loop_unref);
	g_clear_pointer(&a->context, g_main_context_unref);
	g_clear_pointer(&a->progress, g_hash_table_unref);
	g_clear_pointer(&a->unkept, g_hash_table_unref);
	g_clear_pointer(&a->fetching, g_hash_table_unref);
	g_clear_pointer(&a->background, g_array_unref);
	g_clear_error(&a->trouble);
	g_clear_error(&a->list_error);
	g_free(a->dir);
	g_free(a);
}

static void
progress_free(gpointer p)
{
	struct progress *progress = p;

	g_clear_error(&progress->error);
	g_clear_error(&progress->unkept);
	g_free(progress);
}

static const struct backend_ops *
ops_for(const struct conf_account *settings)
{
	static const struct backend_ops *const kinds[] = {[ACCOUNT_IMAP] = &backend_imap,
	                                                  [ACCOUNT_POP3] = &backend_pop3,
	                                                  [ACCOUNT_MAILDIR] = &backend_maildir};

	return kinds[settings->type];
}

const struct backend_ops *
account_verbs(struct account *a, const struct conf_account *settings)
{
	return settings->type == a->settings->type ? a->ops : ops_for(settings);
}

struct account *
account_start(struct bus *bus, const struct conf *conf, const struct conf_account *settings, guint flags,
              GError **error)
{
	return account_start_with(ops_for(settings), bus, conf, settings, flags, error);
}

struct account *
account_start_with(const struct backend_ops *ops, struct bus *bus, const struct conf *conf,
                   const struct conf_account *settings, guint flags, GError **error)
{
	struct account *a = g_new0(struct account, 1);

	a->bus = bus;
	a->conf = conf;
	a->settings = settings;
	a->flags = flags;
	a->ops = ops;
	a->dir = account_store_dir(settings);
	a->offline = ops->remote && (flags & ACCOUNT_OFFLINE);
	a->context = g_main_context_new();
	a->loop = g_main_loop_new(a->context, FALSE);
	a->progress = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, progress_free);
	a->unkept = idset_new();
	a->fetching = idset_new();
	a->background = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_queue_init(&a->requests);
	a->turn_fd = a->visit_fd = -1;
	a->store = store_open(a->dir, STORE_WRITE, error);
	if (!a->store || !journal_open(a, error) || !journal_recover(a, error) ||
	    (ops->remote && !ensure_inbox(a, error))) {
		account_free(a);
		return NULL;
	}
	for (guint n = 0; n < LANES; n++) {
		a->lanes[n].account = a;
		a->lanes[n].number = n;
	}
	a->lanes[LANE_PERSON].env = (struct backend_env){.context = a->context,
	                                                 .conf = conf,
	                                                 .account = settings,
	                                                 .store = a->store,
	                                                 .hooks = &account_hooks,
	                                                 .user = a};
	/* Before the thread runs: who started it may send commands at once. They wait for its loop. */
	bus_attach(bus, settings->id, a->context, request_take, a);
	a->thread = g_thread_new(settings->id, run, a);
	return a;
}

static gboolean
quit(gpointer user)
{
	struct account *a = user;

	g_main_loop_quit(a->loop);
	return G_SOURCE_REMOVE;
}

void
account_stop(struct account *a)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_HIGH);
	g_source_set_callback(source, quit, a, NULL);
	g_source_attach(source, a->context);
	g_thread_join(a->thread);
	account_free(a);
}
