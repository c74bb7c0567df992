"""Reads what strangers uploaded in a process that can do no harm: bounded memory, time and files, and no secrets.

`client.ask` is what the site uses. A server, started when the first file comes and gone when none came for a while, has
the readers imported and forks a child for each file; nothing that the child does stays.
"""
