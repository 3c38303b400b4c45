# The base image of Dockerfile, once more: dependabot reads FROM, but not ARG. A test holds the two together.
FROM mcr.microsoft.com/devcontainers/base:2.2.3-trixie@sha256:6ee2b4097c75d33e9a94d941577a3286e5d629434fba384688b06daeeaaeac99
