/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake of kmod/ept/inval.c under x86-TSO.
 *
 * Each CPU that runs guests has a store buffer of its own: a store goes in at
 * one end, memory sees it some time later at the other end, the CPU itself sees
 * it at once.  A full barrier waits until the buffer is empty; a locked
 * instruction does the same and then acts on memory directly (Owens, Sarkar,
 * Sewell: "A better x86 memory model: x86-TSO", 2009).
 *
 * CPUS CPUs enter a guest, use its page and leave, ENTRIES times each.  While
 * in the guest a CPU may walk the table at any time and then keeps what it
 * found until it flushes.  The reclaimer takes the page's frame away, waits for
 * the acknowledgement, looks at the content and frees the frame; then it maps
 * another frame and does it again.
 *
 * What must hold: no CPU uses a frame after it was freed, and no store of a
 * guest to it is still on its way when the reclaimer looks at the content.
 *
 * Variants that leave out one step (-DNO_...), and must fail:
 *	NO_FENCE	barrier A between "I am in" and reading the generation
 *	NO_FLUSH	INVEPT where generations differ
 *	NO_WAIT		waiting for CPUs that are in with an older generation
 *	NO_BUMP		the new generation
 *	EARLY_BUMP	the new generation before the leaf is removed
 *	EARLY_LEAVE	"I am out" before the last access of the guest
 *	NO_ENTERING	nothing published before the generation is read
 */
#ifndef CPUS
#define CPUS	2
#endif
#ifndef ENTRIES
#define ENTRIES	2
#endif
#ifndef ROUNDS
#define ROUNDS	2
#endif

#define ENTERING	1
#define FIRST_GEN	2
#define DEPTH		4	/* of a store buffer: in, in, data, in */

/* Addresses that go through store buffers: in[c], then the frames' content. */
#define ADDR_IN		0
#define ADDR_DATA	1

byte leaf = 1;			/* frame that is mapped, 0 none */
byte gen = FIRST_GEN;
byte in[CPUS];			/* as memory has it */
bool freed[ROUNDS + 2];
bool gone;			/* reclaimer is done */

typedef buffer {
	byte n;
	byte addr[DEPTH];
	byte val[DEPTH];
};
buffer sb[CPUS];
byte tlb[CPUS];			/* frame that the CPU has a translation to */
byte flushed[CPUS];
byte pending[ROUNDS + 2];	/* stores to each frame that sit in buffers */

/* Waits while the buffer is full, as the CPU does. */
inline store(c, a, v) {
	d_step {
		sb[c].n < DEPTH;
		sb[c].addr[sb[c].n] = a;
		sb[c].val[sb[c].n] = v;
		sb[c].n++;
	}
}

inline fence(c) {
	(sb[c].n == 0)
}

/* The oldest store of @c reaches memory. */
inline drain(c) {
	d_step {
		if
		:: sb[c].addr[0] == ADDR_IN -> in[c] = sb[c].val[0]
		:: else -> pending[sb[c].val[0]]--
		fi;
		i = 0;
		do
		:: i + 1 < sb[c].n ->
			sb[c].addr[i] = sb[c].addr[i + 1];
			sb[c].val[i] = sb[c].val[i + 1];
			i++
		:: else -> break
		od;
		sb[c].n--;
		sb[c].addr[sb[c].n] = 0;
		sb[c].val[sb[c].n] = 0;
		i = 0
	}
}

proctype memory(byte c)
{
	byte i;

end:	do
	:: sb[c].n > 0 -> drain(c)
	od
}

inline guest_access(c) {
	if
	:: tlb[c] == 0 ->
		/* Page walk.  Not present: the guest faults and leaves. */
		tlb[c] = leaf
	:: tlb[c] != 0
	fi;
	if
	:: atomic {
		tlb[c] != 0 ->
		assert(!freed[tlb[c]]);
		if
		:: sb[c].n < DEPTH ->
			pending[tlb[c]]++;
			store(c, ADDR_DATA, tlb[c])
		:: true
		fi
	   }
	:: tlb[c] == 0
	fi
}

proctype cpu(byte c)
{
	byte k, g;

	do
	:: k < ENTRIES ->
		k++;
		/* hs_gmem_enter() */
#ifndef NO_ENTERING
		store(c, ADDR_IN, ENTERING);
#endif
#ifndef NO_FENCE
		fence(c);
#endif
		g = gen;
		store(c, ADDR_IN, g);
		if
		:: flushed[c] != g ->
#ifndef NO_FLUSH
			tlb[c] = 0;
#endif
			flushed[c] = g
		:: else
		fi;
		/* The guest runs: some accesses, or none. */
		do
		:: guest_access(c)
		:: break
		od;
		/* hs_gmem_leave() */
#ifdef EARLY_LEAVE
		store(c, ADDR_IN, 0);
		guest_access(c);
#else
		store(c, ADDR_IN, 0);
#endif
		g = 0
	:: else -> break
	od
}

proctype reclaimer()
{
	byte r, c, g, f;

	do
	:: r < ROUNDS ->
		r++;
#ifdef EARLY_BUMP
		gen++;
		g = gen;
#endif
		/* xchg: locked */
		atomic { f = leaf; leaf = 0 };
#if !defined(NO_BUMP) && !defined(EARLY_BUMP)
		/* locked increment */
		atomic { gen++; g = gen };
#endif
#ifdef NO_BUMP
		g = gen;
#endif
		/* hs_inval_wait() */
		c = 0;
		do
		:: c < CPUS ->
#ifndef NO_WAIT
			(in[c] == 0 || in[c] >= g);
#endif
			c++
		:: else -> break
		od;
		c = 0;
		/* Content is read: it must stand still; then the frame goes. */
		atomic {
			assert(pending[f] == 0);
			freed[f] = true
		};
		/* Another frame for the next touch. */
		leaf = r + 1
	:: else -> break
	od;
	gone = true
}

init {
	byte c;

	atomic {
		c = 0;
		do
		:: c < CPUS ->
			run cpu(c);
			run memory(c);
			c++
		:: else -> break
		od;
		run reclaimer()
	}
}
