# The tests of list.py: python3 list_test.py.
import json, os, unittest, urllib.error, urllib.request

base = os.environ["BASE_URL"]


class Members(unittest.TestCase):
    def test_pages(self):
        for path in ("/", "/slow", "/members"):
            self.assertEqual(urllib.request.urlopen(base + path).status, 200)
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(base + "/nobody")

    def test_joining(self):
        request = urllib.request.Request(base + "/members", json.dumps({"name": "Ada"}).encode(), {"Content-Type": "application/json"})
        self.assertEqual(urllib.request.urlopen(request).status, 201)
        self.assertIn("Ada", json.load(urllib.request.urlopen(base + "/members")))


unittest.main()
