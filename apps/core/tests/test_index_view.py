from django.test import Client


def test_the_front_page_leads_to_pages_that_are_there(client: Client) -> None:
    page = client.get("/").text
    for url in ("/api/docs/", "/api/redoc/", "/api/schema/", "/admin/", "/healthz"):
        assert f'href="{url}"' in page
    assert {client.get(url).status_code for url in ("/api/docs/", "/api/redoc/", "/api/schema/")} == {200}


def test_the_paths_of_similar_templates_lead_here(client: Client) -> None:
    paths = {"/api/schema/swagger-ui/": "/api/docs/", "/api/schema/redoc/": "/api/redoc/", "/admin-panel/": "/admin/"}
    for old, new in paths.items():
        response = client.get(old)
        assert (response.status_code, response.headers["Location"]) == (302, new)


def test_the_answer_says_how_long_it_took(client: Client) -> None:
    assert float(client.get("/api/v1/core/ping/").headers["X-Response-Time"].removesuffix("ms")) > 0
