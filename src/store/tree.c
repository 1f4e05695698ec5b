/* SPDX-License-Identifier: Apache-2.0
 *
 * A treap: ordered by key, heap-ordered by a hash of the key, so its depth is that of a random
 * tree whatever the order of insertion. Nodes are counted; a node that is counted once belongs to
 * the tree that is being changed and is changed in place, any other is copied first (own). */
#include "store/tree.h"

#include <stdatomic.h>

struct cell { /* shared by the copies of a node, so that a copy never moves a block's body */
    _Atomic uint32_t refs;
    uint64_t priority;
    size_t key_n, value_n;
    char bytes[];
};

struct tree {
    _Atomic uint32_t refs;
    struct tree *left, *right;
    struct cell *cell;
};

static struct str key_of(const struct tree *t)
{
    return (struct str){t->cell->bytes, t->cell->key_n};
}

static struct str value_of(const struct tree *t)
{
    return (struct str){t->cell->bytes + t->cell->key_n, t->cell->value_n};
}

static int compare(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* FNV-1a, then mixed so that all bits depend on the last bytes too. */
static uint64_t priority_of(struct str key)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ (unsigned char)key.p[i]) * 0x100000001b3u;
    h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93u;
    return h ^ (h >> 32);
}

struct tree *tree_hold(struct tree *tree)
{
    if (tree)
        atomic_fetch_add(&tree->refs, 1);
    return tree;
}

static struct cell *cell_new(struct str key, struct str value)
{
    struct cell *cell = malloc(sizeof *cell + key.n + value.n);
    if (!cell)
        return NULL;
    atomic_init(&cell->refs, 1);
    cell->priority = priority_of(key);
    cell->key_n = key.n;
    cell->value_n = value.n;
    memcpy(cell->bytes, key.p, key.n);
    if (value.n)
        memcpy(cell->bytes + key.n, value.p, value.n);
    return cell;
}

static void cell_drop(struct cell *cell)
{
    if (cell && atomic_fetch_sub(&cell->refs, 1) == 1)
        free(cell);
}

void tree_drop(struct tree *tree)
{
    while (tree && atomic_fetch_sub(&tree->refs, 1) == 1) {
        struct tree *right = tree->right;
        tree_drop(tree->left);
        cell_drop(tree->cell);
        free(tree);
        tree = right;
    }
}

/* Makes *at a node that no other tree sees. */
static struct tree *own(struct tree **at)
{
    struct tree *old = *at;
    if (atomic_load(&old->refs) == 1)
        return old;
    struct tree *copy = malloc(sizeof *copy);
    if (!copy)
        return NULL;
    atomic_init(&copy->refs, 1);
    copy->left = tree_hold(old->left);
    copy->right = tree_hold(old->right);
    copy->cell = old->cell;
    atomic_fetch_add(&copy->cell->refs, 1);
    tree_drop(old);
    *at = copy;
    return copy;
}

static struct tree **child_of(struct tree *node, bool right)
{
    return right ? &node->right : &node->left;
}

/* Lifts the (owned) child of the (owned) node *at above it. */
static void rotate(struct tree **at, bool right)
{
    struct tree *node = *at, *child = *child_of(node, right);
    *child_of(node, right) = *child_of(child, !right);
    *child_of(child, !right) = node;
    *at = child;
}

static bool put(struct tree **at, struct cell *cell)
{
    if (!*at) {
        struct tree *node = malloc(sizeof *node);
        if (!node)
            return false;
        *node = (struct tree){.cell = cell};
        atomic_init(&node->refs, 1);
        *at = node;
        return true;
    }
    struct tree *node = own(at);
    if (!node)
        return false;
    int order = compare((struct str){cell->bytes, cell->key_n}, key_of(node));
    if (order == 0) {
        cell_drop(node->cell);
        node->cell = cell;
        return true;
    }
    bool right = order > 0;
    if (!put(child_of(node, right), cell))
        return false;
    if ((*child_of(node, right))->cell->priority > node->cell->priority)
        rotate(at, right);
    return true;
}

bool tree_put(struct tree **tree, struct str key, struct str value)
{
    struct cell *cell = cell_new(key, value);
    if (cell && put(tree, cell))
        return true;
    cell_drop(cell);
    return false;
}

bool tree_remove(struct tree **tree, struct str key)
{
    struct str value;
    if (!tree_find(*tree, key, &value))
        return true;
    struct tree **at = tree, *node;
    for (;;) {
        node = own(at);
        if (!node)
            return false;
        int order = compare(key, key_of(node));
        if (order == 0)
            break;
        at = child_of(node, order > 0);
    }
    while (node->left && node->right) { /* sinks until one side is free */
        bool right = node->right->cell->priority > node->left->cell->priority;
        if (!own(child_of(node, right)))
            return false;
        rotate(at, right);
        at = child_of(*at, !right);
    }
    *at = node->left ? node->left : node->right;
    node->left = node->right = NULL;
    tree_drop(node);
    return true;
}

bool tree_find(const struct tree *tree, struct str key, struct str *out_value)
{
    while (tree) {
        int order = compare(key, key_of(tree));
        if (order == 0) {
            *out_value = value_of(tree);
            return true;
        }
        tree = order > 0 ? tree->right : tree->left;
    }
    return false;
}

bool tree_walk(const struct tree *tree, struct str from, tree_fn *fn, void *ctx)
{
    if (!tree)
        return true;
    if (compare(key_of(tree), from) < 0)
        return tree_walk(tree->right, from, fn, ctx);
    return tree_walk(tree->left, from, fn, ctx) && fn(ctx, key_of(tree), value_of(tree)) &&
           tree_walk(tree->right, from, fn, ctx);
}
