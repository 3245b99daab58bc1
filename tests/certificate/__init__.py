"""Tests of the certificate and of the dbt package on its way to a project."""
