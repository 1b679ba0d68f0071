#include "msg/bus.h"

#include <poll.h>

#include "base/error.h"

/* An account that keeps what it was told. */
struct account {
	struct bus *bus;
	const char *name;
	GMainContext *context;
	GArray *seen; /* guint64 */
	gboolean answer;
	gboolean detach;
	GThread *expected;
};

static void
take_command(struct command *command, void *user)
{
	struct account *account = user;

	g_assert_cmpstr(command->account, ==, account->name);
	g_assert_true(g_thread_self() == account->expected);
	g_array_append_val(account->seen, command->id);
	if (account->answer) {
		struct event *rows = event_new(EVENT_ROWS, account->name);

		rows->folder = command->folder;
		bus_post(account->bus, rows);
		bus_done(account->bus, account->name, command->id, NULL);
	}
	if (account->detach)
		bus_detach(account->bus, account->name);
	command_free(command);
}

static void
open_account(struct account *account, struct bus *bus, const char *name)
{
	account->bus = bus;
	account->name = name;
	account->context = g_main_context_new();
	account->seen = g_array_new(FALSE, FALSE, sizeof(guint64));
	account->expected = g_thread_self();
	bus_attach(bus, name, account->context, take_command, account);
}

static void
close_account(struct account *account)
{
	bus_detach(account->bus, account->name);
	g_main_context_unref(account->context);
	g_array_unref(account->seen);
}

static void
run_until_quiet(struct account *account)
{
	while (g_main_context_iteration(account->context, FALSE))
		;
}

static gboolean
is_readable(const struct bus *bus)
{
	struct pollfd pfd = {.fd = bus_fd(bus), .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

static void
assert_done(struct bus *bus, guint64 id, int code)
{
	struct event *event = bus_next(bus);

	g_assert_nonnull(event);
	g_assert_cmpint(event->kind, ==, EVENT_DONE);
	g_assert_cmpuint(event->command, ==, id);
	if (code)
		g_assert_error(event->error, FULMAR_ERROR, code);
	else
		g_assert_no_error(event->error);
	event_free(event);
}

static void
post_subject(struct bus *bus, enum event_kind kind, const char *account, gint64 folder, guint64 have)
{
	struct event *event = event_new(kind, account);

	event->folder = folder;
	event->have = have;
	bus_post(bus, event);
}

static void
assert_subject(struct bus *bus, enum event_kind kind, const char *account, gint64 folder, guint64 have)
{
	struct event *event = bus_next(bus);

	g_assert_nonnull(event);
	g_assert_cmpint(event->kind, ==, kind);
	g_assert_cmpstr(event->account, ==, account);
	g_assert_cmpint(event->folder, ==, folder);
	g_assert_cmpuint(event->have, ==, have);
	event_free(event);
}

static void
commands_run_in_order_in_the_accounts_context(void)
{
	struct bus *bus = bus_new();
	struct account account = {.answer = TRUE};
	guint64 ids[5];

	open_account(&account, bus, "home");
	for (int i = 0; i < 5; i++)
		ids[i] = bus_send(bus, command_new(CMD_FOLDERS, "home"));
	g_assert_cmpuint(account.seen->len, ==, 0);
	run_until_quiet(&account);
	g_assert_cmpuint(account.seen->len, ==, 5);
	for (guint i = 0; i < 5; i++) {
		g_assert_cmpuint(g_array_index(account.seen, guint64, i), ==, ids[i]);
		assert_subject(bus, EVENT_ROWS, "home", 0, 0);
		assert_done(bus, ids[i], 0);
	}
	close_account(&account);
	bus_free(bus);
}

static void
the_descriptor_is_readable_while_events_wait(void)
{
	struct bus *bus = bus_new();

	g_assert_false(is_readable(bus));
	g_assert_null(bus_next(bus));
	post_subject(bus, EVENT_FOLDERS, "home", 0, 1);
	post_subject(bus, EVENT_FOLDERS, "home", 0, 2);
	g_assert_true(is_readable(bus));
	assert_subject(bus, EVENT_FOLDERS, "home", 0, 1);
	g_assert_true(is_readable(bus));
	assert_subject(bus, EVENT_FOLDERS, "home", 0, 2);
	g_assert_false(is_readable(bus));
	g_assert_null(bus_next(bus));
	bus_free(bus);
}

static void
repeated_events_are_folded_into_the_newest(void)
{
	struct bus *bus = bus_new();

	post_subject(bus, EVENT_ROWS, "home", 1, 1);
	post_subject(bus, EVENT_LINK, "home", 0, 2);
	post_subject(bus, EVENT_ROWS, "home", 2, 3);
	post_subject(bus, EVENT_ROWS, "work", 1, 4);
	post_subject(bus, EVENT_ROWS, "home", 1, 5);
	post_subject(bus, EVENT_LINK, "home", 0, 6);
	assert_subject(bus, EVENT_ROWS, "home", 2, 3);
	assert_subject(bus, EVENT_ROWS, "work", 1, 4);
	assert_subject(bus, EVENT_ROWS, "home", 1, 5);
	assert_subject(bus, EVENT_LINK, "home", 0, 6);
	g_assert_false(is_readable(bus));
	bus_free(bus);
}

static void
an_event_already_taken_is_not_folded_into(void)
{
	struct bus *bus = bus_new();

	for (guint64 i = 0; i < 3; i++) {
		post_subject(bus, EVENT_PROGRESS, "home", 7, i);
		assert_subject(bus, EVENT_PROGRESS, "home", 7, i);
	}
	post_subject(bus, EVENT_QUEUE, "home", 0, 1);
	post_subject(bus, EVENT_QUEUE, "home", 0, 2);
	g_assert_true(is_readable(bus));
	assert_subject(bus, EVENT_QUEUE, "home", 0, 2);
	g_assert_false(is_readable(bus));
	bus_free(bus);
}

static void
other_events_are_never_folded_nor_overtaken(void)
{
	struct bus *bus = bus_new();

	post_subject(bus, EVENT_ROWS, "home", 1, 1);
	post_subject(bus, EVENT_NEW_MAIL, "home", 1, 2);
	post_subject(bus, EVENT_NEW_MAIL, "home", 1, 3);
	post_subject(bus, EVENT_ROWS, "home", 1, 4);
	assert_subject(bus, EVENT_ROWS, "home", 1, 1);
	assert_subject(bus, EVENT_NEW_MAIL, "home", 1, 2);
	assert_subject(bus, EVENT_NEW_MAIL, "home", 1, 3);
	assert_subject(bus, EVENT_ROWS, "home", 1, 4);
	bus_free(bus);
}

static void
a_command_for_nobody_fails_at_once(void)
{
	struct bus *bus = bus_new();
	guint64 first = bus_send(bus, command_new(CMD_OPEN, "nobody"));
	guint64 second = bus_send(bus, command_new(CMD_OPEN, NULL));

	g_assert_cmpuint(first, !=, second);
	assert_done(bus, first, FULMAR_FAILED);
	assert_done(bus, second, FULMAR_FAILED);
	g_assert_null(bus_next(bus));
	bus_free(bus);
}

static void
a_command_ends_only_once(void)
{
	struct bus *bus = bus_new();
	struct account account = {.answer = TRUE};
	guint64 id;

	open_account(&account, bus, "home");
	id = bus_send(bus, command_new(CMD_SYNC, "home"));
	run_until_quiet(&account);
	bus_done(bus, "home", id, NULL);
	assert_subject(bus, EVENT_ROWS, "home", 0, 0);
	assert_done(bus, id, 0);
	g_assert_null(bus_next(bus));
	g_assert_false(is_readable(bus));
	close_account(&account);
	g_assert_null(bus_next(bus));
	bus_free(bus);
}

static void
detaching_cancels_what_has_not_ended(void)
{
	struct bus *bus = bus_new();
	struct account account = {.detach = TRUE};
	guint64 ids[3];

	open_account(&account, bus, "home");
	for (int i = 0; i < 3; i++)
		ids[i] = bus_send(bus, command_new(CMD_TEXT, "home"));
	/* The first is taken by the handler, which detaches; the others never arrive. */
	run_until_quiet(&account);
	g_assert_cmpuint(account.seen->len, ==, 1);
	for (int i = 0; i < 3; i++)
		assert_done(bus, ids[i], FULMAR_CANCELLED);
	bus_done(bus, "home", ids[0], NULL);
	g_assert_null(bus_next(bus));
	assert_done(bus, bus_send(bus, command_new(CMD_TEXT, "home")), FULMAR_FAILED);
	close_account(&account);
	bus_free(bus);
}

static void
an_account_can_be_attached_again(void)
{
	struct bus *bus = bus_new();
	struct account first = {.answer = FALSE}, second = {.answer = TRUE};

	open_account(&first, bus, "home");
	close_account(&first);
	open_account(&second, bus, "home");
	bus_send(bus, command_new(CMD_FOLDERS, "home"));
	run_until_quiet(&second);
	g_assert_cmpuint(second.seen->len, ==, 1);
	close_account(&second);
	bus_free(bus);
}

#define ACCOUNTS 4
#define COMMANDS 500

struct worker {
	struct account account;
	GThread *thread;
	const char *name;
};

static gpointer
run_worker(gpointer data)
{
	struct worker *worker = data;
	struct account *account = &worker->account;

	/* Half the work, then it goes away with the rest in its queue or on its way there. */
	open_account(account, account->bus, worker->name);
	post_subject(account->bus, EVENT_FACT, worker->name, 0, 0);
	while (account->seen->len < COMMANDS / 2)
		g_main_context_iteration(account->context, TRUE);
	close_account(account);
	return NULL;
}

static void
wait_for_event(const struct bus *bus)
{
	struct pollfd pfd = {.fd = bus_fd(bus), .events = POLLIN};

	g_assert_cmpint(poll(&pfd, 1, 60000), ==, 1);
}

/* Takes events until n of kind have come; counts them by error code in codes (of FULMAR_FAILED,
 * FULMAR_CANCELLED or 0). */
static void
take_until(struct bus *bus, enum event_kind kind, guint n, guint *codes)
{
	while (n) {
		struct event *event = bus_next(bus);

		if (!event) {
			wait_for_event(bus);
			continue;
		}
		if (event->kind == kind) {
			n--;
			if (codes)
				codes[event->error ? event->error->code : 0]++;
		}
		event_free(event);
	}
}

static void
threads_end_every_command_exactly_once(void)
{
	static const char *const names[ACCOUNTS] = {"a", "b", "c", "d"};
	struct worker workers[ACCOUNTS] = {0};
	struct bus *bus = bus_new();
	guint codes[FULMAR_UNSUPPORTED + 1] = {0};

	for (int i = 0; i < ACCOUNTS; i++) {
		workers[i].name = names[i];
		workers[i].account.bus = bus;
		workers[i].account.answer = TRUE;
		workers[i].thread = g_thread_new(names[i], run_worker, &workers[i]);
	}
	take_until(bus, EVENT_FACT, ACCOUNTS, NULL);
	for (int i = 0; i < COMMANDS * ACCOUNTS; i++) {
		struct command *command = command_new(CMD_FLAG, names[i % ACCOUNTS]);

		command->folder = i % 7;
		bus_send(bus, command);
	}
	take_until(bus, EVENT_DONE, COMMANDS * ACCOUNTS, codes);
	for (int i = 0; i < ACCOUNTS; i++)
		g_thread_join(workers[i].thread);
	g_assert_null(bus_next(bus));
	g_assert_cmpuint(codes[FULMAR_OK], ==, COMMANDS / 2 * ACCOUNTS);
	g_assert_cmpuint(codes[FULMAR_CANCELLED] + codes[FULMAR_FAILED], ==, COMMANDS / 2 * ACCOUNTS);
	bus_free(bus);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bus/order", commands_run_in_order_in_the_accounts_context);
	g_test_add_func("/bus/descriptor", the_descriptor_is_readable_while_events_wait);
	g_test_add_func("/bus/fold", repeated_events_are_folded_into_the_newest);
	g_test_add_func("/bus/fold-taken", an_event_already_taken_is_not_folded_into);
	g_test_add_func("/bus/never-folded", other_events_are_never_folded_nor_overtaken);
	g_test_add_func("/bus/nobody", a_command_for_nobody_fails_at_once);
	g_test_add_func("/bus/once", a_command_ends_only_once);
	g_test_add_func("/bus/detach", detaching_cancels_what_has_not_ended);
	g_test_add_func("/bus/attach-again", an_account_can_be_attached_again);
	g_test_add_func("/bus/threads", threads_end_every_command_exactly_once);
	return g_test_run();
}
