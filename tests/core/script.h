/* What a person might do to an account in memory: actions by chance, carried out on a model and sent as
 * commands. */
#ifndef FULMAR_TESTS_CORE_SCRIPT_H
#define FULMAR_TESTS_CORE_SCRIPT_H

#include "bed.h"
#include "model.h"

struct script {
	struct bed *bed;
	const char *account;
	struct model *model;
	GRand *rand;
	guint made;          /* folders */
	gboolean no_folders; /* actions on messages alone */
};

/* Fills the server of account, and a model of it. */
struct model *script_fill(const char *account);
/* One action, on both; its command has ended well. */
void script_act(struct script *script);

#endif
