/* The messages of the sample mailbox, as tables ended by a NULL folder. */
#ifndef FULMAR_APP_DEMO_MAIL_H
#define FULMAR_APP_DEMO_MAIL_H

#include <glib.h>

struct demo_mail {
	const char *folder; /* path with '/' */
	int age;            /* minutes before now */
	guint flags;        /* enum store_flag */
	const char *text;   /* LF; a Date field is put before it; "@+3@" becomes the day three days from now,
	                       YYYYMMDD */
};

extern const struct demo_mail demo_threads[];
extern const struct demo_mail demo_inbox[];
extern const struct demo_mail demo_lists[];
extern const struct demo_mail demo_other[];

#endif
