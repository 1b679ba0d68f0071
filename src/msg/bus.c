#include "msg/bus.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"

/* One attached account: a source in its context that is made ready for each command waiting.
 * Reference-counted by GLib. */
struct link {
	GSource source;
	struct bus *bus; /* atomic: the context's thread may meet the source before anything else of ours */
	char *account;
	GQueue waiting; /* struct command */
	void (*handler)(struct command *command, void *user);
	void *user;
};

/* A command that was sent and has not ended. */
struct pending {
	guint64 id;
	struct link *link;
};

/* Invariants under lock: the descriptor is readable exactly while events is not empty; a command is in
 * pending from bus_send until its EVENT_DONE is queued; foldable holds the foldable events that stand behind
 * the last event that is not. The lock is held for a few instructions only, never while a handler runs. It is
 * a pthread mutex because ThreadSanitizer does not see GMutex. */
struct bus {
	pthread_mutex_t lock;
	int fd;
	guint64 last_id;
	GHashTable *links;    /* account → struct link, owns a reference */
	GHashTable *pending;  /* id → struct pending */
	GQueue events;        /* struct event, oldest first */
	GHashTable *foldable; /* struct event → its GList in events */
};

static guint
subject_hash(gconstpointer key)
{
	const struct event *event = key;
	guint64 n = (guint64)event->folder * 31 + event->command;

	return (event->account ? g_str_hash(event->account) : 0) * 33 + (guint)event->kind +
	       (guint)(n ^ n >> 32);
}

static gboolean
subject_equal(gconstpointer a, gconstpointer b)
{
	const struct event *x = a, *y = b;

	return x->kind == y->kind && x->folder == y->folder && x->command == y->command &&
	       g_strcmp0(x->account, y->account) == 0;
}

static gboolean
is_foldable(const struct event *event)
{
	return event->kind == EVENT_ROWS || event->kind == EVENT_LINK || event->kind == EVENT_QUEUE ||
	       event->kind == EVENT_PROGRESS;
}

static void
release_link(gpointer data)
{
	struct link *link = data;

	g_source_destroy(&link->source);
	g_source_unref(&link->source);
}

struct bus *
bus_new(void)
{
	struct bus *bus = g_new0(struct bus, 1);

	bus->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bus->fd < 0)
		g_error("eventfd: %s", g_strerror(errno));
	pthread_mutex_init(&bus->lock, NULL);
	bus->links = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, release_link);
	bus->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	bus->foldable = g_hash_table_new(subject_hash, subject_equal);
	return bus;
}

void
bus_free(struct bus *bus)
{
	if (!bus)
		return;
	g_hash_table_unref(bus->links);
	g_hash_table_unref(bus->pending);
	g_hash_table_unref(bus->foldable);
	g_queue_clear_full(&bus->events, (GDestroyNotify)event_free);
	pthread_mutex_destroy(&bus->lock);
	close(bus->fd);
	g_free(bus);
}

struct command *
command_new(enum command_verb verb, const char *account)
{
	struct command *command = g_new0(struct command, 1);

	command->verb = verb;
	command->account = g_strdup(account);
	return command;
}

void
command_free(struct command *command)
{
	if (!command)
		return;
	g_clear_pointer(&command->ids, g_array_unref);
	g_free(command->account);
	g_free(command->text);
	g_free(command->text2);
	g_clear_pointer(&command->bytes, g_bytes_unref);
	g_clear_pointer(&command->messages, g_ptr_array_unref);
	g_free(command);
}

struct bus_message *
bus_message_new(void)
{
	return g_new0(struct bus_message, 1);
}

void
bus_message_free(gpointer data)
{
	struct bus_message *message = data;

	g_clear_pointer(&message->bytes, g_bytes_unref);
	g_free(message->keywords);
	g_free(message);
}

struct event *
event_new(enum event_kind kind, const char *account)
{
	struct event *event = g_new0(struct event, 1);

	event->kind = kind;
	event->account = g_strdup(account);
	return event;
}

char *
event_line(const char *account, const char *text)
{
	gsize len = strlen(account);

	if (!strncmp(text, account, len) && text[len] == ':')
		return g_strdup(text);
	return g_strdup_printf("%s: %s", account, text);
}

void
event_free(struct event *event)
{
	if (!event)
		return;
	g_free(event->account);
	g_free(event->text);
	g_free(event->text2);
	g_clear_pointer(&event->ids, g_array_unref);
	g_clear_error(&event->error);
	g_free(event);
}

int
bus_fd(const struct bus *bus)
{
	return bus->fd;
}

static void
set_readable(struct bus *bus, gboolean readable)
{
	eventfd_t count = 1;
	int rc = readable ? eventfd_write(bus->fd, 1) : eventfd_read(bus->fd, &count);

	g_assert(rc == 0);
}

/* Drops the older event of the same subject. Gives it. */
static struct event *
fold(struct bus *bus, const struct event *event)
{
	GList *older = g_hash_table_lookup(bus->foldable, event);
	struct event *dropped;

	if (!older)
		return NULL;
	dropped = older->data;
	g_hash_table_remove(bus->foldable, dropped);
	g_queue_delete_link(&bus->events, older);
	return dropped;
}

/* Called locked. Gives back what need not be delivered: a folded event, or event itself when its command has
 * already ended. */
static struct event *
queue_event(struct bus *bus, struct event *event)
{
	gboolean was_empty = g_queue_is_empty(&bus->events);
	struct event *dropped = NULL;

	if (event->kind == EVENT_DONE && event->command &&
	    !g_hash_table_remove(bus->pending, &event->command))
		return event;
	if (is_foldable(event))
		dropped = fold(bus, event);
	else
		g_hash_table_remove_all(bus->foldable);
	g_queue_push_tail(&bus->events, event);
	if (is_foldable(event))
		g_hash_table_insert(bus->foldable, event, bus->events.tail);
	if (was_empty)
		set_readable(bus, TRUE);
	return dropped;
}

void
bus_post(struct bus *bus, struct event *event)
{
	struct event *dropped;

	pthread_mutex_lock(&bus->lock);
	dropped = queue_event(bus, event);
	pthread_mutex_unlock(&bus->lock);
	event_free(dropped);
}

void
bus_done(struct bus *bus, const char *account, guint64 id, const GError *error)
{
	struct event *event = event_new(EVENT_DONE, account);

	event->command = id;
	event->error = error ? g_error_copy(error) : NULL;
	bus_post(bus, event);
}

struct event *
bus_next(struct bus *bus)
{
	struct event *event;

	pthread_mutex_lock(&bus->lock);
	event = g_queue_peek_head(&bus->events);
	if (event && g_hash_table_lookup(bus->foldable, event) == bus->events.head)
		g_hash_table_remove(bus->foldable, event);
	g_queue_pop_head(&bus->events);
	if (event && g_queue_is_empty(&bus->events))
		set_readable(bus, FALSE);
	pthread_mutex_unlock(&bus->lock);
	return event;
}

static gboolean
dispatch_command(GSource *source, GSourceFunc callback, gpointer data)
{
	struct link *link = (struct link *)source;
	struct bus *bus = g_atomic_pointer_get(&link->bus);
	void (*handler)(struct command * command, void *user);
	struct command *command;
	void *user;

	pthread_mutex_lock(&bus->lock);
	command = g_queue_pop_head(&link->waiting);
	g_source_set_ready_time(source, g_queue_is_empty(&link->waiting) ? -1 : 0);
	handler = link->handler;
	user = link->user;
	pthread_mutex_unlock(&bus->lock);
	if (command)
		handler(command, user);
	return G_SOURCE_CONTINUE;
}

static void
finalize_link(GSource *source)
{
	struct link *link = (struct link *)source;

	g_queue_clear_full(&link->waiting, (GDestroyNotify)command_free);
	g_free(link->account);
}

static GSourceFuncs link_funcs = {.dispatch = dispatch_command, .finalize = finalize_link};

void
bus_attach(struct bus *bus, const char *account, GMainContext *context,
           void (*handler)(struct command *command, void *user), void *user)
{
	struct link *link = (struct link *)g_source_new(&link_funcs, sizeof(*link));

	g_atomic_pointer_set(&link->bus, bus);
	link->account = g_strdup(account);
	g_queue_init(&link->waiting);
	link->handler = handler;
	link->user = user;
	pthread_mutex_lock(&bus->lock);
	g_assert(!g_hash_table_contains(bus->links, account));
	g_hash_table_insert(bus->links, link->account, link);
	g_source_attach(&link->source, context);
	pthread_mutex_unlock(&bus->lock);
}

void
bus_wake(struct bus *bus, const char *account)
{
	struct command *command = command_new(CMD_LOOK, account), *last;
	struct link *link;

	pthread_mutex_lock(&bus->lock);
	link = g_hash_table_lookup(bus->links, account);
	last = link ? g_queue_peek_tail(&link->waiting) : NULL;
	if (link && (!last || last->verb != CMD_LOOK)) {
		g_queue_push_tail(&link->waiting, g_steal_pointer(&command));
		g_source_set_ready_time(&link->source, 0);
	}
	pthread_mutex_unlock(&bus->lock);
	command_free(command);
}

static int
compare_ids(gconstpointer a, gconstpointer b)
{
	guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;

	return x < y ? -1 : x > y;
}

/* Called locked: ids of link's commands that have not ended, in the order they were sent. */
static GArray *
pending_of(struct bus *bus, const struct link *link)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(guint64));
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, bus->pending);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct pending *pending = value;

		if (pending->link == link)
			g_array_append_val(ids, pending->id);
	}
	g_array_sort(ids, compare_ids);
	return ids;
}

void
bus_detach(struct bus *bus, const char *account)
{
	g_autoptr(GArray) ids = NULL;
	g_autoptr(GError) error = NULL;
	struct link *link;

	pthread_mutex_lock(&bus->lock);
	link = g_hash_table_lookup(bus->links, account);
	if (link) {
		ids = pending_of(bus, link);
		g_hash_table_steal(bus->links, account);
	}
	pthread_mutex_unlock(&bus->lock);
	if (!link)
		return;
	g_set_error_literal(&error, FULMAR_ERROR, FULMAR_CANCELLED, _("the account was closed"));
	for (guint i = 0; i < ids->len; i++)
		bus_done(bus, link->account, g_array_index(ids, guint64, i), error);
	release_link(link);
}

/* Called locked. Without a link the command stays with the caller. */
static void
register_command(struct bus *bus, struct link *link, struct command *command)
{
	struct pending *pending = g_new(struct pending, 1);

	pending->id = command->id = ++bus->last_id;
	pending->link = link;
	g_hash_table_insert(bus->pending, &pending->id, pending);
	if (!link)
		return;
	g_queue_push_tail(&link->waiting, command);
	g_source_set_ready_time(&link->source, 0);
}

guint64
bus_send(struct bus *bus, struct command *command)
{
	g_autoptr(GError) error = NULL;
	struct link *link;
	guint64 id;

	pthread_mutex_lock(&bus->lock);
	link = command->account ? g_hash_table_lookup(bus->links, command->account) : NULL;
	register_command(bus, link, command);
	id = bus->last_id;
	pthread_mutex_unlock(&bus->lock);
	if (link)
		return id;
	g_set_error(&error, FULMAR_ERROR, FULMAR_FAILED, _("there is no account \"%s\" at work"),
	            command->account ? command->account : "");
	bus_done(bus, command->account, id, error);
	command_free(command);
	return id;
}
