/* Sources in slots, and sets of ids. */
#include "base/idset.h"
#include "base/loop.h"

struct runner {
	GMainContext *context;
	GSource *slot;
	guint runs, most;
};

static gboolean
run(gpointer user)
{
	struct runner *runner = user;

	if (++runner->runs < runner->most)
		return G_SOURCE_CONTINUE;
	loop_drop(&runner->slot);
	return G_SOURCE_REMOVE;
}

static void
run_out(struct runner *runner)
{
	while (runner->slot)
		g_main_context_iteration(runner->context, TRUE);
}

static void
test_runs_until_it_has_enough(void)
{
	struct runner runner = {.context = g_main_context_new(), .most = 3};

	loop_idle(&runner.slot, runner.context, run, &runner);
	run_out(&runner);
	g_assert_cmpuint(runner.runs, ==, 3);
	loop_after(&runner.slot, runner.context, 1, run, &runner);
	run_out(&runner);
	g_assert_cmpuint(runner.runs, ==, 4);
	g_main_context_unref(runner.context);
}

static void
test_one_at_a_time(void)
{
	struct runner runner = {.context = g_main_context_new(), .most = 1};
	struct runner first = {.most = 1};

	loop_after(&runner.slot, runner.context, 0, run, &first);
	loop_after(&runner.slot, runner.context, 1, run, &runner);
	run_out(&runner);
	g_assert_cmpuint(first.runs, ==, 0);
	g_assert_cmpuint(runner.runs, ==, 1);
	g_main_context_unref(runner.context);
}

static void
test_dropped(void)
{
	struct runner runner = {.context = g_main_context_new(), .most = 1};

	loop_drop(&runner.slot);
	loop_idle(&runner.slot, runner.context, run, &runner);
	loop_drop(&runner.slot);
	g_assert_null(runner.slot);
	g_assert_false(g_main_context_iteration(runner.context, FALSE));
	g_assert_cmpuint(runner.runs, ==, 0);
	g_main_context_unref(runner.context);
}

static void
test_ids(void)
{
	const gint64 in[] = {0, -1, G_MAXINT64, 1};
	g_autoptr(GHashTable) set = idset_new();

	for (guint i = 0; i < G_N_ELEMENTS(in); i++) {
		g_assert_true(idset_add(set, in[i]));
		g_assert_false(idset_add(set, in[i]));
	}
	g_assert_cmpuint(g_hash_table_size(set), ==, G_N_ELEMENTS(in));
	g_assert_true(g_hash_table_remove(set, &in[2]));
	g_assert_false(g_hash_table_contains(set, &in[2]));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/loop/runs-until-it-has-enough", test_runs_until_it_has_enough);
	g_test_add_func("/loop/one-at-a-time", test_one_at_a_time);
	g_test_add_func("/loop/dropped", test_dropped);
	g_test_add_func("/ids/each-once", test_ids);
	return g_test_run();
}
