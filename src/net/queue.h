/* Octets waiting to be sent: appended at the tail, taken from the head. Room grows by doubling and is given
 * back when the queue runs empty.
 */
#ifndef FULMAR_NET_QUEUE_H
#define FULMAR_NET_QUEUE_H

#include <glib.h>

struct queue {
	unsigned char *bytes;
	gsize head, tail, size; /* what waits is bytes[head … tail) */
	gboolean secret;        /* what is taken is overwritten, until the queue runs empty */
};

/* Appends a copy. */
void queue_add(struct queue *queue, const void *bytes, gsize len);
/* Room for len octets at the tail (lent until the next call); queue_grow says how many of them were written.
 */
unsigned char *queue_room(struct queue *queue, gsize len);
void queue_grow(struct queue *queue, gsize len);
/* Drops len octets from the head. */
void queue_take(struct queue *queue, gsize len);
/* Empties and frees; usable again. */
void queue_clear(struct queue *queue);

static inline gsize
queue_len(const struct queue *queue)
{
	return queue->tail - queue->head;
}

static inline const unsigned char *
queue_head(const struct queue *queue)
{
	return queue->bytes + queue->head;
}

#endif
