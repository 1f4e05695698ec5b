/* SPDX-License-Identifier: Apache-2.0
 *
 * tree - an ordered map of bytes to bytes of which a copy costs nothing: what changes in one copy
 * is not seen in the others. The memory store keeps a register in it: a reader holds the tree of
 * its moment, a writer changes its own copy, a commit makes that the tree of the register.
 *
 * A tree is a pointer to its root, NULL when empty. One thread changes a tree; any number read
 * and drop trees that share parts with it. */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "base/str.h"

struct tree;

struct tree *tree_hold(struct tree *tree); /* another copy */
void tree_drop(struct tree *tree);

/* Adds or replaces. False: no memory, and the map is as before. */
bool tree_put(struct tree **tree, struct str key, struct str value);
/* False: no memory. What is not there is removed already. */
bool tree_remove(struct tree **tree, struct str key);
/* Borrowed from the tree; false when the key is missing. */
bool tree_find(const struct tree *tree, struct str key, struct str *out_value);
/* Keys from `from` on, ascending as memcmp orders them, shorter before longer; fn returns false
 * to stop. False when it did. */
typedef bool tree_fn(void *ctx, struct str key, struct str value);
bool tree_walk(const struct tree *tree, struct str from, tree_fn *fn, void *ctx);

#endif
