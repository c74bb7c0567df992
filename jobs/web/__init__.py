"""What people and programs reach over HTTP: pages, the JSON API, the admin."""
