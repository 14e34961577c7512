"""The launcher: everything the studio needs on one machine, started in order, watched, and stopped in order.

prepare.py      the data folder's lock, the port, tables, static files: what must be right before anything starts
redis.py        a private Redis on a Unix socket, when no REDIS_URL is given
programs.py     what runs: web, three workers, beat; how each is started and stopped
child.py        one running program: its process group, its output, its restarts
supervisor.py   the loop that watches them
undertaker.py   a tiny process that outlives a killed supervisor by a moment, and leaves nothing behind
console.py      prefixed, coloured lines
"""
