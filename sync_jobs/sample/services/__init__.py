"""Builders: one module per group of services. Each adds the assets of one project to its site."""
