"""The Django project: settings, URLs, the pages and API parts that belong to no app."""
