from django.test import Client


def test_the_front_page_leads_to_pages_that_are_there(client: Client) -> None:
    page = client.get("/").text
    for url in ("/api/docs/", "/api/redoc/", "/api/schema/", "/admin/", "/healthz"):
        assert f'href="{url}"' in page
    assert {client.get(url).status_code for url in ("/api/docs/", "/api/redoc/", "/api/schema/")} == {200}
